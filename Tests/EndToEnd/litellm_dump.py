"""Writes dumps of LiteLLM's database as pg_dump does (COPY, text format) with the columns of its
schema, and the same rows as its endpoints answer them."""

import hashlib
import json

COLUMNS = {
    "LiteLLM_BudgetTable": [
        "budget_id", "max_budget", "soft_budget", "max_parallel_requests", "tpm_limit",
        "rpm_limit", "model_max_budget", "budget_duration", "budget_reset_at", "allowed_models",
        "created_at", "created_by", "updated_at", "updated_by"],
    "LiteLLM_TeamTable": [
        "team_id", "team_alias", "organization_id", "object_permission_id", "admins", "members",
        "members_with_roles", "metadata", "max_budget", "soft_budget", "spend", "models",
        "max_parallel_requests", "tpm_limit", "rpm_limit", "budget_duration", "budget_reset_at",
        "blocked", "model_spend", "model_max_budget", "router_settings",
        "team_member_permissions", "policies", "model_id"],
    "LiteLLM_UserTable": [
        "user_id", "user_alias", "sso_user_id", "organization_id", "password", "teams",
        "user_role", "max_budget", "spend", "user_email", "models", "metadata", "tpm_limit",
        "rpm_limit", "budget_duration", "budget_reset_at", "allowed_cache_controls"],
    "LiteLLM_TeamMembership": ["user_id", "team_id", "spend", "budget_id"],
    "LiteLLM_EndUserTable": [
        "user_id", "alias", "spend", "allowed_model_region", "default_model", "budget_id",
        "blocked"],
    "LiteLLM_VerificationToken": [
        "token", "key_name", "key_alias", "soft_budget_cooldown", "spend", "expires", "models",
        "aliases", "config", "user_id", "team_id", "permissions", "max_parallel_requests",
        "metadata", "blocked", "tpm_limit", "rpm_limit", "max_budget", "budget_duration",
        "budget_reset_at", "allowed_cache_controls", "allowed_routes", "model_spend",
        "model_max_budget", "budget_id", "organization_id", "object_permission_id", "created_at"],
}
EMPTY = {"metadata": {}, "aliases": {}, "config": {}, "permissions": {}, "model_max_budget": {},
         "model_spend": {}, "router_settings": {}, "blocked": False, "spend": 0.0}
LISTS = {"models", "admins", "members", "teams", "allowed_routes", "allowed_cache_controls",
         "policies", "team_member_permissions", "allowed_models"}


def hashed(key):
    return hashlib.sha256(key.encode()).hexdigest()


def row(table, **values):
    """A row with LiteLLM's defaults."""
    full = {name: EMPTY.get(name, [] if name in LISTS else None) for name in COLUMNS[table]}
    assert not set(values) - set(full), set(values) - set(full)
    return full | values


def key(secret, **values):
    return row("LiteLLM_VerificationToken", token=hashed(secret),
               key_name="sk-..." + secret[-4:], created_at="2026-01-02 03:04:05.678", **values)


def cell(name, value):
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if name in LISTS:
        quoted = ['"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in value]
        value = "{" + ",".join(quoted) + "}"
    elif isinstance(value, (dict, list)):
        value = json.dumps(value)
    text = str(value)
    for plain, escaped in [("\\", r"\\"), ("\n", r"\n"), ("\t", r"\t"), ("\r", r"\r")]:
        text = text.replace(plain, escaped)
    return text


def sql(rows_by_table):
    out = ["--", "-- PostgreSQL database dump", "--", "", "SET client_encoding = 'UTF8';", ""]
    for table, rows in rows_by_table.items():
        names = COLUMNS[table]
        quoted = ", ".join(names)
        out.append(f'COPY public."{table}" ({quoted}) FROM stdin;')
        out += ["\t".join(cell(name, row[name]) for name in names) for row in rows]
        out += ["\\.", "", ""]
    return "\n".join(out) + "\n-- PostgreSQL database dump complete\n"
