#!/usr/bin/env python3
"""old_store.py RUN.DB 1|2|3: makes a run store what that version of the schema would have written. For tests.

1: no table `turns`. 1 and 2: no column `records.transform`, and the key without it. 1 to 3: no columns of `texts` for
sealing; its texts must be in the clear.
"""
import sqlite3
import sys

path, version = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(path)
for column in ("run_key", "length_class", "commitment"):
    db.execute(f"alter table texts drop column {column}")
if version == 3:
    db.execute("pragma user_version = 3")
    db.commit()
    sys.exit()
sql = db.execute("select sql from sqlite_master where name = 'records'").fetchone()[0]
old = sql.replace(", transform TEXT NOT NULL DEFAULT 'plain'", "").replace("epoch, transform)", "epoch)")
assert old.count("transform") == 0 and old != sql, sql
columns = ", ".join(c[1] for c in db.execute("pragma table_info(records)") if c[1] != "transform")
db.executescript(f"""pragma legacy_alter_table = on;
alter table records rename to newer;
{old};
insert into records({columns}) select {columns} from newer;
drop table newer;
create index records_by_ordinal on records(ordinal, id);
pragma user_version = {version};""")
if version == 1:
    db.execute("drop table turns")
db.commit()
