-- What the second schema makes, with a chat in a folder.
CREATE TABLE folders (id TEXT PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, deleted REAL);
CREATE TABLE chats (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
    folder_id TEXT REFERENCES folders(id) ON DELETE SET NULL, pinned INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, updated REAL NOT NULL, model TEXT, settings TEXT NOT NULL DEFAULT '{}', leaf TEXT,
    deleted REAL);
CREATE INDEX chats_by_time ON chats(updated);
CREATE INDEX chats_by_folder ON chats(folder_id);
-- data: an object with what only the page and the next prompt need.
CREATE TABLE messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE, parent TEXT, role TEXT NOT NULL,
    content TEXT NOT NULL, reasoning TEXT, created REAL NOT NULL, model TEXT, state TEXT NOT NULL,
    data TEXT NOT NULL DEFAULT '{}');
CREATE INDEX messages_by_chat ON messages(chat_id);
CREATE INDEX messages_running ON messages(state) WHERE state = 'running';
CREATE VIRTUAL TABLE messages_fts USING fts5 (
    content, content='messages', content_rowid='number', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO messages_fts(rowid, content) VALUES (new.number, new.content);
END;
CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, content) VALUES ('delete', old.number, old.content);
END;
CREATE TRIGGER messages_changed AFTER UPDATE OF content ON messages WHEN old.content <> new.content BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, content) VALUES ('delete', old.number, old.content);
    INSERT INTO messages_fts(rowid, content) VALUES (new.number, new.content);
END;
CREATE VIRTUAL TABLE chats_fts USING fts5 (
    title, content='chats', content_rowid='number', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER chats_added AFTER INSERT ON chats BEGIN
    INSERT INTO chats_fts(rowid, title) VALUES (new.number, new.title);
END;
CREATE TRIGGER chats_removed AFTER DELETE ON chats BEGIN
    INSERT INTO chats_fts(chats_fts, rowid, title) VALUES ('delete', old.number, old.title);
END;
CREATE TRIGGER chats_renamed AFTER UPDATE OF title ON chats WHEN old.title <> new.title BEGIN
    INSERT INTO chats_fts(chats_fts, rowid, title) VALUES ('delete', old.number, old.title);
    INSERT INTO chats_fts(rowid, title) VALUES (new.number, new.title);
END;
-- text: what the model reads of it.
CREATE TABLE attachments (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, characters INTEGER,
    pages INTEGER, tokens INTEGER, text TEXT, created REAL NOT NULL);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE presets (id TEXT PRIMARY KEY, name TEXT NOT NULL, settings TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE model_settings (model TEXT PRIMARY KEY, settings TEXT NOT NULL);
CREATE TABLE keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, created REAL NOT NULL);
INSERT INTO folders (id, name, created) VALUES ('f1', 'House', 1000);
INSERT INTO chats (number, id, title, folder_id, created, updated, model, settings, leaf)
    VALUES (1, 'c1', 'Rent', 'f1', 1000, 1001, 'm.gguf', '{"system": "Be brief."}', 'm2');
INSERT INTO messages (number, id, chat_id, parent, role, content, created, state)
    VALUES (1, 'm1', 'c1', NULL, 'user', 'When is the rent due?', 1000, 'done');
INSERT INTO messages (number, id, chat_id, parent, role, content, created, model, state, data)
    VALUES (2, 'm2', 'c1', 'm1', 'assistant', 'On the first.', 1001, 'm.gguf', 'done', '{"stop_reason": "stop"}');
PRAGMA user_version = 2;
