"""The database's tables, and how those of older releases become those of this one."""

from __future__ import annotations

# One step for each version of the schema. A released step is never changed: tests/documents/schemas has what it makes.
STEPS: tuple[str, ...] = (
    """
    CREATE TABLE collections (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, embed_model TEXT NOT NULL, dim INTEGER NOT NULL,
        settings TEXT NOT NULL DEFAULT '{}');
    CREATE TABLE folders (
        id INTEGER PRIMARY KEY, collection_id INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        path TEXT NOT NULL, rules TEXT NOT NULL DEFAULT '[]', last_scan REAL, UNIQUE (collection_id, path));
    CREATE TABLE contents (
        id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, format TEXT NOT NULL, parser_version INTEGER NOT NULL,
        title TEXT NOT NULL, pages INTEGER, characters INTEGER NOT NULL, UNIQUE (sha256, format, parser_version));
    CREATE TABLE files (
        id INTEGER PRIMARY KEY, folder_id INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
        relpath TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        content_id INTEGER REFERENCES contents(id), state TEXT NOT NULL, reason TEXT, message TEXT,
        embedded INTEGER NOT NULL DEFAULT 0, missing_since REAL, UNIQUE (folder_id, relpath));
    CREATE INDEX files_by_content ON files(content_id);
    CREATE INDEX files_by_state ON files(state);
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY, content_id INTEGER NOT NULL REFERENCES contents(id) ON DELETE CASCADE,
        ord INTEGER NOT NULL, page_first INTEGER, page_last INTEGER, char_start INTEGER NOT NULL,
        char_end INTEGER NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, text_hash BLOB NOT NULL,
        UNIQUE (content_id, ord));
    CREATE INDEX chunks_by_hash ON chunks(text_hash);
    CREATE VIRTUAL TABLE chunks_fts USING fts5 (
        text, heading, content='chunks', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE chunks_tri USING fts5 (text, content='chunks', content_rowid='id', tokenize='trigram');
    CREATE VIRTUAL TABLE chunks_vocab USING fts5vocab (chunks_fts, row);
    CREATE TRIGGER chunks_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunks_fts(rowid, text, heading) VALUES (new.id, new.text, new.heading);
        INSERT INTO chunks_tri(rowid, text) VALUES (new.id, new.text);
    END;
    CREATE TRIGGER chunks_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunks_fts(chunks_fts, rowid, text, heading) VALUES ('delete', old.id, old.text, old.heading);
        INSERT INTO chunks_tri(chunks_tri, rowid, text) VALUES ('delete', old.id, old.text);
    END;
    CREATE TABLE models (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dim INTEGER NOT NULL);
    CREATE TABLE vectors (
        chunk_id INTEGER NOT NULL REFERENCES chunks(id) ON DELETE CASCADE,
        model_id INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE, slot INTEGER NOT NULL,
        PRIMARY KEY (model_id, chunk_id), UNIQUE (model_id, slot)) WITHOUT ROWID;
    CREATE INDEX vectors_by_chunk ON vectors(chunk_id);
    """,
    # Numbers of files are never given again, as they are kept where a file is cited; and how far indexing is.
    """
    CREATE TABLE numbered_files (
        id INTEGER PRIMARY KEY AUTOINCREMENT, folder_id INTEGER NOT NULL REFERENCES folders(id) ON DELETE CASCADE,
        relpath TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        content_id INTEGER REFERENCES contents(id), state TEXT NOT NULL, reason TEXT, message TEXT,
        embedded INTEGER NOT NULL DEFAULT 0, missing_since REAL, UNIQUE (folder_id, relpath));
    INSERT INTO numbered_files SELECT id, folder_id, relpath, size, mtime_ns, content_id, state, reason, message,
        embedded, missing_since FROM files;
    DROP TABLE files;
    ALTER TABLE numbered_files RENAME TO files;
    CREATE INDEX files_by_content ON files(content_id);
    CREATE INDEX files_by_state ON files(state);
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL,
        target INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE, state TEXT NOT NULL,
        cursor TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
        chunks INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0, seconds_left REAL,
        heartbeat REAL NOT NULL, error TEXT, UNIQUE (kind, target));
    """,
    # Words are found in all their English forms: a question for databases finds a database.
    """
    DROP TABLE chunks_vocab;
    DROP TABLE chunks_fts;
    CREATE VIRTUAL TABLE chunks_fts USING fts5 (
        text, heading, content='chunks', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE chunks_vocab USING fts5vocab (chunks_fts, row);
    INSERT INTO chunks_fts (chunks_fts) VALUES ('rebuild');
    """,
)
