/// The longer statements of the ledger.
enum LedgerSQL {
    static let insertHold = """
        INSERT INTO hold (
            instance_id, amount, accounts, call_id, key_id, key_name, user_id, team_id, end_user,
            tags, endpoint, model, deployment_id, provider, upstream_model, is_stream, received_at,
            labels)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static let selectDraft = """
        SELECT amount, call_id, key_id, key_name, user_id, team_id, end_user, tags, endpoint,
            model, deployment_id, provider, upstream_model, is_stream, received_at, labels
        FROM hold WHERE id = ?
        """

    static let insertRow = """
        INSERT INTO ledger (
            call_id, hold_id, key_id, key_name, user_id, team_id, end_user, tags, endpoint, model,
            deployment_id, provider, upstream_model, is_stream, attempt_count, input_tokens,
            cached_input_tokens, cache_write_tokens, audio_input_tokens, output_tokens,
            reasoning_tokens, audio_output_tokens, usage_source, cost, cost_input, cost_output,
            cost_failed_attempts, excess, failure, received_at, first_token_latency, duration,
            in_flight_tokens, attempts, price_unknown, overrun_tokens, labels)
        VALUES (
            ?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
            ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (call_id) DO NOTHING
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
