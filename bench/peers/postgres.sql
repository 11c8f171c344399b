-- W1 and W2 in PostgreSQL 15: one plpgsql function call an event, a customer one row (read, changed, written back).
-- A row: counts by kind, the slot of the newest count and 12 counts by slot mod 12 for each of 4 members, a ring of 20
-- (kind, time, intent), the mood's average. fillfactor leaves room for updates within the page, since no index changes.

CREATE TABLE customers (
  id bigint PRIMARY KEY,
  counts int[] NOT NULL DEFAULT array_fill(0, ARRAY[4]),
  slots bigint[] NOT NULL DEFAULT array_fill(0, ARRAY[4]),
  texts int[] NOT NULL DEFAULT array_fill(0, ARRAY[48]),
  kinds int[] NOT NULL DEFAULT '{}',
  times bigint[] NOT NULL DEFAULT '{}',
  intents text[] NOT NULL DEFAULT '{}',
  at int NOT NULL DEFAULT 0,
  mood float8 NOT NULL DEFAULT 0
) WITH (fillfactor = 60);

-- Kinds: 1 call.ended, 2 bill.paid, 3 web.visit, 4 sms.sent.
CREATE FUNCTION ingest(p_event bigint, p_customer bigint, p_member int, p_type text, p_channel text, p_time bigint,
                       p_duration int, p_intent text, p_mood float8) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  c customers%ROWTYPE;
  fired text[] := '{}';
  kind int := CASE p_type WHEN 'call.ended' THEN 1 WHEN 'bill.paid' THEN 2 WHEN 'web.visit' THEN 3 ELSE 4 END;
  slot bigint := p_time / 300000;
  first int := p_member * 12;
  place int;
  same int;
BEGIN
  SELECT * INTO c FROM customers WHERE id = p_customer FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO customers (id) VALUES (p_customer) ON CONFLICT DO NOTHING;
    SELECT * INTO c FROM customers WHERE id = p_customer FOR UPDATE;
  END IF;
  c.counts[kind] := c.counts[kind] + 1;
  IF kind = 4 THEN
    FOR i IN 0 .. least(slot - c.slots[p_member + 1], 12) - 1 LOOP
      c.texts[first + (slot - i) % 12 + 1] := 0;
    END LOOP;
    c.slots[p_member + 1] := greatest(slot, c.slots[p_member + 1]);
    c.texts[first + slot % 12 + 1] := c.texts[first + slot % 12 + 1] + 1;
    same := 0;
    FOR i IN 1 .. 12 LOOP same := same + c.texts[first + i]; END LOOP;
    IF same > 100 THEN fired := fired || ('message-abuse:' || p_member || ':' || same); END IF;
  END IF;
  place := c.at % 20 + 1;
  c.at := c.at + 1;
  c.kinds[place] := kind;
  c.times[place] := p_time;
  c.intents[place] := p_intent;
  c.mood := c.mood + 0.2 * (p_mood - c.mood);
  IF kind = 1 THEN
    SELECT count(*) INTO same FROM unnest(c.kinds, c.times, c.intents) AS line(kind, time, intent)
      WHERE line.kind = 1 AND line.intent = p_intent AND p_time - line.time <= 604800000;
    IF same >= 2 THEN fired := fired || ('repeat-call:' || p_intent || ':' || same); END IF;
    IF c.mood < -0.5 THEN fired := fired || ('low-mood:' || c.mood); END IF;
  END IF;
  UPDATE customers SET counts = c.counts, slots = c.slots, texts = c.texts, kinds = c.kinds, times = c.times,
    intents = c.intents, at = c.at, mood = c.mood WHERE id = p_customer;
  RETURN fired;
END $$;

-- The twenty actions; what does not depend on the customer is computed once.
CREATE TABLE actions AS
  SELECT i, 'action_' || i AS name, i % 5 AS kind, 0.1 + 0.02 * i::float8 AS start, 10 + (i * 7) % 23 AS value,
         1 + (i % 3) * 0.25::float8 AS weight, 'We suggest offer ' || i || ' because you asked about ' AS say,
         (ARRAY['billing', 'network', 'roaming', 'device', 'cancel', 'upgrade', 'payment', 'other'])[(i - 1) % 8 + 1]
           AS target
  FROM generate_series(1, 20) AS i;

CREATE FUNCTION recommend(p_customer bigint, p_time bigint, p_intent text, p_mood float8)
  RETURNS TABLE (name text, score float8, say text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  c customers%ROWTYPE;
  slot bigint := p_time / 300000;
  texts int := 0;
  last text := '';
  shift float8;
BEGIN
  SELECT * INTO c FROM customers WHERE id = p_customer;
  IF FOUND THEN
    FOR i IN greatest(slot - c.slots[1], 0) .. 11 LOOP texts := texts + c.texts[(slot - i) % 12 + 1]; END LOOP;
    last := c.intents[(c.at + 19) % 20 + 1];
  END IF;
  shift := 0.1 * p_mood - 0.05 * coalesce(c.mood, 0);
  RETURN QUERY
    SELECT a.name, a.start * (a.value * (1 + shift / a.start))
             * CASE WHEN a.target = p_intent THEN 1 + 0.3 / a.start ELSE 1 END * a.weight AS worth, a.say || p_intent
    FROM actions AS a
    WHERE CASE a.kind
            WHEN 0 THEN coalesce(c.counts[1], 0) >= a.i / 5
            WHEN 1 THEN coalesce(c.mood, 0) > -0.8 + a.i * 0.02
            WHEN 2 THEN texts < 50
            WHEN 3 THEN last = p_intent OR coalesce(c.counts[2], 0) > 0
            ELSE coalesce(c.counts[3], 0) < 10 + a.i
          END
    ORDER BY worth DESC LIMIT 3;
END $$;

ANALYZE actions;
