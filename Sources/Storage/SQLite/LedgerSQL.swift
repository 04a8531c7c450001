/// The statements of rows and of their sums.
enum LedgerSQL {
    static let insertRow = """
        INSERT INTO ledger (
            received_at, call_id, key_id, key_name, user_id, team_id, end_user, tags, endpoint,
            model, deployment_id, provider, upstream_model, is_stream, attempt_count, input_tokens,
            cached_input_tokens, cache_write_tokens, audio_input_tokens, output_tokens,
            reasoning_tokens, audio_output_tokens, usage_source, cost, cost_input, cost_output,
            cost_failed_attempts, excess, failure, first_token_latency, duration,
            in_flight_tokens, attempts, price_unknown, overrun_tokens, labels)
        VALUES (
            ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
            ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """

    static let addToDay = """
        INSERT INTO daily_spend (
            day, key_id, user_id, team_id, model, deployment_id, provider, cost, input_tokens,
            output_tokens, succeeded, failed, cached_input_tokens, cache_write_tokens)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
            cost = cost + excluded.cost,
            input_tokens = input_tokens + excluded.input_tokens,
            output_tokens = output_tokens + excluded.output_tokens,
            succeeded = succeeded + excluded.succeeded,
            failed = failed + excluded.failed,
            cached_input_tokens = cached_input_tokens + excluded.cached_input_tokens,
            cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens
        """

    static let addToLabel = """
        INSERT INTO daily_label_spend (
            day, subject_kind, subject_id, cost, input_tokens, output_tokens, calls)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
            cost = cost + excluded.cost,
            input_tokens = input_tokens + excluded.input_tokens,
            output_tokens = output_tokens + excluded.output_tokens,
            calls = calls + excluded.calls
        """
}
