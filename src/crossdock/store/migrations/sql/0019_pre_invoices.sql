-- Invoices: their terms, their numbers, and what is issued and never changes.

-- The terms of invoicing, every version that ever held. `sealed` is their JSON: it names people and bank accounts.
CREATE TABLE invoice_terms (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenant,
    version     integer NOT NULL CHECK (version > 0),
    key_id      text NOT NULL,
    sealed      bytea NOT NULL,
    note        text NOT NULL DEFAULT '',
    actor       text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, version)
);
SELECT guard_tenant_table('invoice_terms');

-- The last number of a series; period is the year where the series begins anew each year, else 0. Whoever issues
-- raises it by one in the very transaction that issues: the row's lock is the queue, and what is rolled back leaves
-- no gap. A sequence would leave one.
CREATE TABLE invoice_counter (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    series      text NOT NULL,
    period      integer NOT NULL,
    first       bigint NOT NULL CHECK (first > 0),
    last        bigint NOT NULL CHECK (last >= first),
    last_on     date NOT NULL,
    yearly      boolean NOT NULL,
    PRIMARY KEY (tenant_id, series, period),
    CHECK (yearly = (period <> 0))
);
SELECT guard_tenant_table('invoice_counter');

-- Invoices and credit notes. A draft's `sealed` is the deal, what was asked and the invoice that would be; an issued
-- one's is the document itself, and `digest` the SHA-256 of those bytes in the clear.
CREATE TABLE invoice (
    id             uuid PRIMARY KEY,
    tenant_id      uuid NOT NULL REFERENCES tenant,
    kind           text NOT NULL CHECK (kind IN ('380', '381')),
    state          text NOT NULL CHECK (state IN ('draft', 'issued', 'credited')),
    revision       integer NOT NULL DEFAULT 1,
    connection_id  uuid,
    deal_id        text,
    again          text CHECK (again <> ''),
    credits_id     uuid REFERENCES invoice,
    series         text NOT NULL,
    period         integer,
    sequence       bigint,
    number         text CHECK (number <> ''),
    issued_on      date,
    issued_at      timestamptz,
    currency       text NOT NULL,
    net            numeric NOT NULL,
    tax            numeric NOT NULL,
    due            numeric NOT NULL,
    terms_version  integer NOT NULL,
    rules          jsonb NOT NULL,
    key_id         text NOT NULL,
    sealed         bytea NOT NULL,
    digest         bytea CHECK (length(digest) = 32),
    ask_key        text,
    asked_hash     bytea,
    actor          text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    changed_at     timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, terms_version) REFERENCES invoice_terms (tenant_id, version),
    FOREIGN KEY (tenant_id, series, period) REFERENCES invoice_counter,
    CHECK ((state = 'draft') = (number IS NULL) AND (state = 'draft') = (digest IS NULL)
           AND (state = 'draft') = (period IS NULL) AND (state = 'draft') = (sequence IS NULL)
           AND (state = 'draft') = (issued_on IS NULL) AND (state = 'draft') = (issued_at IS NULL)),
    CHECK ((kind = '381') = (credits_id IS NOT NULL)),
    CHECK (state <> 'credited' OR kind = '380'),
    CHECK ((ask_key IS NULL) = (asked_hash IS NULL))
);
CREATE UNIQUE INDEX invoice_number ON invoice (tenant_id, number);
CREATE UNIQUE INDEX invoice_sequence ON invoice (tenant_id, series, period, sequence);
-- Once per deal unless somebody said why again.
CREATE UNIQUE INDEX invoice_of_deal ON invoice (tenant_id, connection_id, deal_id) WHERE kind = '380' AND again IS NULL;
CREATE UNIQUE INDEX invoice_asked ON invoice (tenant_id, ask_key);
CREATE INDEX invoice_deals ON invoice (tenant_id, connection_id, deal_id, id);
CREATE INDEX invoice_listed ON invoice (tenant_id, id);
CREATE INDEX invoice_credits ON invoice (credits_id) WHERE credits_id IS NOT NULL;
SELECT guard_tenant_table('invoice');

-- Nothing of what is issued changes: not by this program, not by hand. Two things may be done: the state goes from
-- issued to credited, and a new master key seals the same bytes anew (the digest shows that they are the same).
CREATE FUNCTION keep_issued() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may text[] := ARRAY['state', 'key_id', 'sealed'];
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state <> 'draft' THEN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'an issued invoice is never deleted' USING ERRCODE = 'restrict_violation';
        END IF;
        IF (to_jsonb(NEW) - may) IS DISTINCT FROM (to_jsonb(OLD) - may)
           OR NOT (NEW.state = OLD.state OR (OLD.state = 'issued' AND NEW.state = 'credited'))
           OR (NEW.key_id = OLD.key_id AND NEW.sealed <> OLD.sealed) THEN
            RAISE EXCEPTION 'an issued invoice never changes' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    -- the number is the one the counter has just given: none is left out, and none is made up
    IF NEW.state <> 'draft' AND NOT EXISTS (
        SELECT 1 FROM invoice_counter c
        WHERE c.tenant_id = NEW.tenant_id AND c.series = NEW.series AND c.period = NEW.period AND c.last = NEW.sequence
    ) THEN
        RAISE EXCEPTION 'the number is not the next of its series' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_issued BEFORE INSERT OR UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION keep_issued();

CREATE FUNCTION keep_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a series is never forgotten' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.last <> NEW.first THEN
        RAISE EXCEPTION 'a series begins with its first number' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.last <> OLD.last + 1 OR NEW.last_on < OLD.last_on OR
        (to_jsonb(NEW) - ARRAY['last', 'last_on']) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['last', 'last_on'])) THEN
        RAISE EXCEPTION 'a series goes on by one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_counted BEFORE INSERT OR UPDATE OR DELETE ON invoice_counter
    FOR EACH ROW EXECUTE FUNCTION keep_counted();

CREATE FUNCTION keep_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'invoices are kept' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER keep_all BEFORE TRUNCATE ON invoice FOR EACH STATEMENT EXECUTE FUNCTION keep_all();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON invoice_counter FOR EACH STATEMENT EXECUTE FUNCTION keep_all();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON invoice_terms FOR EACH STATEMENT EXECUTE FUNCTION keep_all();

-- A version of the terms stays what invoices were made by.
CREATE FUNCTION keep_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'terms are kept' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(NEW) - ARRAY['key_id', 'sealed']) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['key_id', 'sealed'])
       OR (NEW.key_id = OLD.key_id AND NEW.sealed <> OLD.sealed) THEN
        RAISE EXCEPTION 'terms get a new version instead' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_terms BEFORE UPDATE OR DELETE ON invoice_terms FOR EACH ROW EXECUTE FUNCTION keep_terms();
