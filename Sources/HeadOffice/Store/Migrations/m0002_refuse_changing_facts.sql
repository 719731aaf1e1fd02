-- Facts are only ever added: no login that runs this program, not even the database's owner, changes or removes one by mistake.

CREATE FUNCTION refuse_changing_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only ever grows', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER tr_transfer_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();
CREATE TRIGGER tr_journal_record_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();
CREATE TRIGGER tr_record_identity_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON record_identity
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();
CREATE TRIGGER tr_audit_facts BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts();
