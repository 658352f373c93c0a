-- What one commit wrote shares a row: the first event stands in the columns, those after it in `later`, each with its
-- own header, salt and body. `head` is that of the row's last event. Rows from before hold one event and stay.

ALTER TABLE events ADD COLUMN later BLOB;
