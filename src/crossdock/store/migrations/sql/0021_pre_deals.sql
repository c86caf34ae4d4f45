-- Deals that become invoices: runs of them, and the numbers their CRM has still to be told.

ALTER TABLE run DROP CONSTRAINT run_kind_check;
ALTER TABLE run ADD CONSTRAINT run_kind_check
    CHECK (kind IN ('pull', 'backfill', 'reconcile', 'stock_push', 'import', 'replay', 'mapping', 'invoice'));
-- Any number of replays and of invoice runs of one connection may wait or run; of all else one.
DROP INDEX run_single;
CREATE UNIQUE INDEX run_single ON run (connection_id, kind)
    WHERE state IN ('waiting', 'running') AND kind NOT IN ('replay', 'invoice');
-- The same Idempotency-Key is the same run.
CREATE UNIQUE INDEX run_invoice_key ON run (tenant_id, connection_id, (asked ->> 'key'))
    WHERE kind = 'invoice' AND asked ->> 'key' IS NOT NULL;

-- Issued invoices whose number their deal has not been told yet. The row is written by the very commit that issues, by
-- whatever way; who records the wish that tells it deletes it. So nobody who dies in between leaves a deal untold.
CREATE TABLE invoice_untold (
    invoice_id     uuid PRIMARY KEY REFERENCES invoice,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    connection_id  uuid NOT NULL,
    tries          integer NOT NULL DEFAULT 0,
    due_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX invoice_untold_due ON invoice_untold (due_at);
SELECT guard_tenant_table('invoice_untold', true);

CREATE FUNCTION note_untold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'issued' AND NEW.kind = '380' AND NEW.deal_id IS NOT NULL AND NEW.connection_id IS NOT NULL
       AND (TG_OP = 'INSERT' OR OLD.state = 'draft') THEN
        INSERT INTO invoice_untold (invoice_id, tenant_id, connection_id)
        VALUES (NEW.id, NEW.tenant_id, NEW.connection_id) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_untold AFTER INSERT OR UPDATE OF state ON invoice FOR EACH ROW EXECUTE FUNCTION note_untold();
