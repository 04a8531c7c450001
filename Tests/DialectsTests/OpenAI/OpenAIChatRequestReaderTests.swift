import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What a chat request may say, and what a client is told when it may not.
struct OpenAIChatRequestReaderTests {
    private let reader = OpenAIChatRequestReader(parser: JSONParser())
    private static let messages = #""messages":[{"role":"user","content":"Hi"}]"#

    private func read(_ json: String) throws(GatewayError) -> ChatRequest {
        try reader.read(Bytes(json).view)
    }

    /// A minimal request with more members.
    private static func body(with members: String) -> String {
        #"{"model":"m","# + messages + "," + members + "}"
    }

    private func violations(_ json: String) -> [FieldViolation] {
        do throws(GatewayError) {
            _ = try read(json)
            return []
        } catch {
            #expect(error.reason == .invalidRequest)
            #expect(error.origin == .client)
            return error.fields
        }
    }

    @Test func theFieldsThatTheGatewayNeedsAreRead() throws {
        let request = try read(
            #"{"model":"gpt-4o","messages":[{"role":"system","content":"äb"},{"role":"user","#
                + #""content":[{"type":"text","text":"cde"},{"type":"image_url","image_url":"#
                + #"{"url":"http://x/y"}}]}],"stream":true,"stream_options":{"include_usage":true},"#
                + #""n":3,"max_tokens":7}"#)
        #expect(request.model == "gpt-4o")
        #expect(request.isStream)
        #expect(request.wantsUsage)
        #expect(request.choiceCount == 3)
        #expect(request.maxOutputTokens == 7)
        #expect(request.textBytes == 6, "the text's own bytes, neither JSON nor addresses")
    }

    @Test func whatIsLeftOutHasItsDefault() throws {
        let request = try read(#"{"model":"m","# + Self.messages + "}")
        #expect(!request.isStream)
        #expect(!request.wantsUsage)
        #expect(request.choiceCount == 1)
        #expect(request.maxOutputTokens == nil)
    }

    /// The newer name of the bound wins; null is as if it were not there.
    @Test(arguments: [
        (#""max_tokens":5"#, 5 as Int?), (#""max_completion_tokens":6"#, 6),
        (#""max_tokens":5,"max_completion_tokens":6"#, 6),
        (#""max_tokens":5,"max_completion_tokens":null"#, 5), (#""max_tokens":null"#, nil),
        (#""max_tokens":5.0"#, 5), (#""max_tokens":9223372036854775807"#, .max),
    ])
    func theBoundOnTokensIsRead(members: String, bound: Int?) throws {
        #expect(try read(Self.body(with: members)).maxOutputTokens == bound)
    }

    /// Null is what SDKs send for what was not set.
    @Test func nullIsAsGoodAsAbsent() throws {
        let names = OpenAIChatFields.all.filter { !$0.isRequired }.map { "\"\($0.name)\":null" }
        let request = try read(Self.body(with: names.joined(separator: ",")))
        #expect(request.choiceCount == 1)
        #expect(!request.isStream)
    }

    /// Every field of OpenAI's reference with a value that it takes.
    @Test(arguments: [
        #""temperature":0,"top_p":1,"frequency_penalty":-2.0,"presence_penalty":2"#,
        #""seed":-1,"stop":"a","logit_bias":{"50256":-100},"logprobs":true,"top_logprobs":2"#,
        #""stop":["a","b"],"user":"u","metadata":{"a":"b"},"store":false,"service_tier":"auto""#,
        #""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto""#,
        #""tools":[{"type":"function","function":{"name":"f","description":"d","strict":true}}]"#,
        #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#,
        #""parallel_tool_calls":false"#,
        #""tool_choice":{"type":"function","function":{"name":"f"}}"#,
        #""tools":[{"type":"custom","custom":{"name":"c"}}]"#,
        #""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}"#,
        #""reasoning_effort":"low","verbosity":"high","modalities":["text"],"audio":{"voice":"v"}"#,
        #""prediction":{"type":"content","content":"x"},"web_search_options":{}"#,
        #""safety_identifier":"s","prompt_cache_key":"k","functions":[],"function_call":"none""#,
        #""chat_template_kwargs":{"enable_thinking":false},"top_k":5,"min_p":0.1,"a.b":[{}]"#,
    ])
    func whatTheReferenceAllowsIsTaken(members: String) {
        #expect(violations(Self.body(with: members)).isEmpty)
    }

    /// A wrong type is told by the field's path, with what it must be and what it is.
    @Test(arguments: [
        (#"{"messages":[{"role":"user","content":"x"}]}"#, "model", "is required"),
        (#"{"model":"","messages":[{"role":"user","content":"x"}]}"#, "model", "not be empty"),
        (#"{"model":1,"messages":[{"role":"user","content":"x"}]}"#, "model", "is an integer"),
        (#"{"model":null,"messages":[{"role":"user","content":"x"}]}"#, "model", "is null"),
        (#"{"model":"m"}"#, "messages", "is required"),
        (#"{"model":"m","messages":null}"#, "messages", "must be an array, is null"),
        (#"{"model":"m","messages":{}}"#, "messages", "must be an array, is an object"),
        (#"{"model":"m","messages":[]}"#, "messages", "at least one message"),
        (#"{"model":"m","messages":["x"]}"#, "messages[0]", "must be an object, is a string"),
        (#"{"model":"m","messages":[{}]}"#, "messages[0].role", "is required"),
        (#"{"model":"m","messages":[{"role":1}]}"#, "messages[0].role", "is an integer"),
        (
            #"{"model":"m","messages":[{"role":"owner","content":"x"}]}"#, "messages[0].role",
            "`owner`"
        ),
        (#"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content", "is required"),
        (
            #"{"model":"m","messages":[{"role":"user","content":null}]}"#, "messages[0].content",
            "is null"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":5}]}"#, "messages[0].content",
            "is an integer"
        ),
        (
            #"{"model":"m","messages":[{"role":"assistant"},{"role":"user","content":[1]}]}"#,
            "messages[1].content[0]", "must be an object"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}"#,
            "messages[0].content[0].type", "is required"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "messages[0].content[0].text", "is required"
        ),
        (
            #"{"model":"m","messages":[{"role":"user","content":"x","name":1}]}"#,
            "messages[0].name",
            "must be a string"
        ),
        (
            #"{"model":"m","messages":[{"role":"tool","content":"x"}]}"#,
            "messages[0].tool_call_id",
            "is required"
        ),
        (
            #"{"model":"m","messages":[{"role":"assistant","tool_calls":{}}]}"#,
            "messages[0].tool_calls", "must be an array"
        ),
        (
            #"{"model":"m","messages":[{"role":"assistant","tool_calls":[1]}]}"#,
            "messages[0].tool_calls[0]", "must be an object"
        ),
    ])
    func aWrongRequestIsToldByItsPath(json: String, field: String, words: String) throws {
        let first = try #require(violations(json).first)
        #expect(first.field == field)
        #expect(first.message.contains(words), "\(first.message)")
    }

    @Test(arguments: [
        (#""stream":"true""#, "stream", "must be a boolean, is a string"),
        (#""stream":1"#, "stream", "must be a boolean, is an integer"),
        (#""stream_options":true"#, "stream_options", "must be an object, is a boolean"),
        (#""stream_options":{"include_usage":1}"#, "stream_options.include_usage", "a boolean"),
        (#""n":"1""#, "n", "must be an integer, is a string"), (#""n":1.5"#, "n", "is a number"),
        (#""n":0"#, "n", "at least 1, is 0"), (#""n":129"#, "n", "at most 128, is 129"),
        (#""n":18446744073709551615"#, "n", "too large"),
        (#""max_tokens":0"#, "max_tokens", "at least 1"),
        (#""max_tokens":-1"#, "max_tokens", "at least 1, is -1"),
        (#""max_completion_tokens":0"#, "max_completion_tokens", "at least 1"),
        (#""max_completion_tokens":18446744073709551615"#, "max_completion_tokens", "too large"),
        (#""temperature":"hot""#, "temperature", "must be a number, is a string"),
        (#""stop":1"#, "stop", "must be a string or an array of strings"),
        (#""stop":["a",2]"#, "stop[1]", "must be a string, is an integer"),
        (#""tools":{}"#, "tools", "must be an array"),
        (#""tools":[1]"#, "tools[0]", "must be an object"),
        (#""tools":[{}]"#, "tools[0].type", "is required"),
        (#""tools":[{"type":"function"}]"#, "tools[0].function", "object with the function's name"),
        (#""tools":[{"type":"function","function":{}}]"#, "tools[0].function.name", "is required"),
        (
            #""tools":[{"type":"function","function":{"name":"f","parameters":"x"}}]"#,
            "tools[0].function.parameters", "must be an object"
        ),
        (#""tool_choice":1"#, "tool_choice", "must be a string or an object"),
        (#""response_format":"json""#, "response_format", "must be an object"),
        (#""response_format":{}"#, "response_format.type", "is required"),
        (#""metadata":[]"#, "metadata", "must be an object"),
    ])
    func aWrongOptionIsToldByItsPath(members: String, field: String, words: String) throws {
        let first = try #require(violations(Self.body(with: members)).first)
        #expect(first.field == field)
        #expect(first.message.contains(words), "\(first.message)")
    }

    /// Readers of JSON differ in which of two members of one name they take: whatever the gateway
    /// decides by must stand once, or the upstream would be asked for something else.
    @Test(arguments: [
        "model", "messages", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens",
    ])
    func whatTheGatewayDecidesByStandsOnce(name: String) throws {
        let values = [
            "model": "\"m\"", "messages": #"[{"role":"user","content":"x"}]"#, "stream": "true",
            "stream_options": "{}", "n": "1", "max_tokens": "1", "max_completion_tokens": "1",
        ]
        let value = try #require(values[name])
        var members = values.filter { $0.key == "model" || $0.key == "messages" }
        members[name] = value
        let once = members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        #expect(violations("{\(once)}").isEmpty)
        // The second one with an escape in its name.
        let escaped = "\\u00" + String(name.utf8.first ?? 0, radix: 16) + name.dropFirst()
        for second in [name, escaped] {
            let first = try #require(violations("{\(once),\"\(second)\":\(value)}").first)
            #expect(first.field == name)
            #expect(first.message.contains("stands more than once"))
        }
    }

    /// The same within a message: its content is what is counted.
    @Test(arguments: [
        #"{"role":"user","content":"x","content":"much more"}"#,
        #"{"role":"user","content":"x","conten\u0074":"much more"}"#,
    ])
    func aMessageHasOneContent(message: String) throws {
        let first = try #require(violations(#"{"model":"m","messages":["# + message + "]}").first)
        #expect(first.field == "messages[0].content")
        #expect(first.message.contains("more than once"))
    }

    @Test func aBodyThatIsNoObjectIsTold() {
        for (json, words) in [("[]", "is an array"), ("1", "is an integer"), ("\"x\"", "a string")]
        {
            #expect(violations(json).first?.message.contains(words) == true)
        }
        #expect(violations("{\n\"model\": }").first?.message.contains("line 2, column 10") == true)
        #expect(violations("").first?.message.contains("empty") == true)
    }

    /// A request with everything wrong is told of the first faults, not of a thousand.
    @Test func faultsAreBounded() {
        let bad = (0..<1_000).map { _ in "1" }.joined(separator: ",")
        let found = violations(#"{"model":"m","messages":["# + bad + "]}")
        #expect(found.count == DialectLimits.violationsMax)
    }

    /// A long value is repeated as far as it helps, and cut between characters.
    @Test func quotedValuesAreCut() throws {
        let long = String(repeating: "ä", count: 1_000)
        let json = #"{"model":"m","messages":[{"role":""# + long + #"","content":"x"}]}"#
        let message = try #require(violations(json).first?.message)
        #expect(message.utf8.count < 300)
        #expect(message.contains("ä…`"))
        #expect(!message.contains("\u{FFFD}"))
    }

    /// Everything a model reads is counted: budgets hold by it.
    @Test(arguments: [
        (#"{"role":"user","content":"abc"}"#, 3), (#"{"role":"user","content":"\u00e4😀"}"#, 6),
        (#"{"role":"user","content":[{"type":"text","text":"ab"},{"type":"text","text":"c"}]}"#, 3),
        (#"{"role":"assistant","content":null,"refusal":"abcd"}"#, 4),
        (#"{"role":"assistant","content":[{"type":"refusal","refusal":"abcd"}]}"#, 4),
        (
            #"{"role":"assistant","tool_calls":[{"function":{"name":"fn","arguments":"[1, 2]"}}]}"#,
            8
        ),
        (#"{"role":"assistant","content":null,"function_call":{"name":"fn","arguments":"{}"}}"#, 4),
        (#"{"role":"tool","tool_call_id":"i","content":"abc"}"#, 3),
    ])
    func textsAreCounted(message: String, bytes: Int) throws {
        #expect(try read(#"{"model":"m","messages":["# + message + "]}").textBytes == bytes)
    }

    /// Tools count as such, offered or called; names and the form of the answer do not.
    @Test(arguments: [
        (#"{"role":"user","content":"a","name":"bob"}"#, "", false),
        (
            #"{"role":"user","content":"a"}"#,
            #","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{}}}"#,
            false
        ),
        (#"{"role":"user","content":"a"}"#, #","tools":[],"functions":null"#, false),
        (
            #"{"role":"user","content":"a"}"#,
            #","tools":[{"type":"function","function":{"name":"f"}}]"#, true
        ),
        (#"{"role":"user","content":"a"}"#, #","functions":[{"name":"f"}]"#, true),
        (#"{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}"#, "", true),
        (#"{"role":"assistant","content":null,"function_call":{"name":"f"}}"#, "", true),
        (#"{"role":"tool","tool_call_id":"i","content":"a"}"#, "", true),
    ])
    func toolsAreSeen(message: String, members: String, usesTools: Bool) throws {
        let request = try read(#"{"model":"m","messages":["# + message + "]" + members + "}")
        #expect(request.extent.usesTools == usesTools)
    }

    /// The request goes on in the client's own words.
    @Test func theBodyIsKeptAsItWas() throws {
        let json = #" { "messages" : [{"role":"user","content":"x"}] , "model":"m", "x":1 } "#
        let request = try read(json)
        guard case .raw(let raw) = request.body else {
            Issue.record("not kept")
            return
        }
        #expect(raw.dialect == .openAIChat)
        #expect(String(decoding: raw.json, as: UTF8.self) == json)
    }
}
