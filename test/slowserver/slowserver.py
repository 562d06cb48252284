#!/usr/bin/env python3
"""An honest and slow server: one thread a request, 50 ms a write, catch-up every 150 ms.

It speaks the flags and routes that chaosctl needs, stores in SQLite, and keeps every promise, late.
"""
import argparse
import json
import os
import sqlite3
import threading
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

WRITE_SECONDS = 0.05
CATCH_UP_SECONDS = 0.15
ROW = ("id", "title", "namespace", "content")


class Store:
    """Rows numbered in the order in which they arrived here."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS memories (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT,"
            " title TEXT, namespace TEXT, content TEXT, UNIQUE (title, namespace))"
        )
        self.db.commit()

    def put(self, rows):
        """Stores rows that are not here; what is here stays. Returns the ids under which they are."""
        time.sleep(WRITE_SECONDS)
        with self.lock:
            for row in rows:
                self.db.execute(
                    "INSERT OR IGNORE INTO memories (id, title, namespace, content) VALUES (?, ?, ?, ?)",
                    [row[k] for k in ROW],
                )
            self.db.commit()
            return [
                self.db.execute(
                    "SELECT id FROM memories WHERE title = ? AND namespace = ?", (row["title"], row["namespace"])
                ).fetchone()[0]
                for row in rows
            ]

    def select(self, where, args):
        with self.lock:
            found = self.db.execute("SELECT seq, id, title, namespace, content FROM memories " + where, args).fetchall()
        return [dict(zip(("seq",) + ROW, row)) for row in found]


def post(url, body, timeout):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


class Node:
    def __init__(self, options):
        self.store = Store(os.environ["AI_MEMORY_DB"])
        self.peers = [p for p in options.quorum_peers.split(",") if p]
        self.needed = max(1, options.quorum_writes)
        self.timeout = options.quorum_timeout_ms / 1000
        self.pool = ThreadPoolExecutor(64)

    def create(self, body):
        row = {"id": str(uuid.uuid4()), **{k: body[k] for k in ROW[1:]}}
        row["id"] = self.store.put([row])[0]
        acks, deadline = 1, time.monotonic() + self.timeout
        pushes = [self.pool.submit(self.push, peer, row) for peer in self.peers]
        try:
            for done in as_completed(pushes, timeout=max(0.0, deadline - time.monotonic())):
                acks += done.result()
                if acks >= self.needed:
                    break
        except TimeoutError:
            pass
        if acks < self.needed:
            return 503, {"error": "quorum_not_met", "got": acks, "needed": self.needed, "reason": "timeout", "id": row["id"]}
        return 201, {"id": row["id"], "title": row["title"], "namespace": row["namespace"], "quorum_acks": acks}

    def push(self, peer, row):
        try:
            answer = post(peer + "/api/v1/sync/push", {"sender_agent_id": "slow", "memories": [row]}, self.timeout)
            return 1 if row["id"] in answer["ids"] else 0
        except (OSError, ValueError, KeyError):
            return 0

    def catch_up(self, peer):
        seen = 0
        while True:
            time.sleep(CATCH_UP_SECONDS)
            try:
                with urllib.request.urlopen(f"{peer}/api/v1/sync/since?since={seen}", timeout=0.5) as answer:
                    rows = json.load(answer)["memories"]
                if rows:
                    self.store.put(rows)
                    seen = rows[-1]["seq"]
            except (OSError, ValueError, KeyError):
                pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    node = None

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        url = urlparse(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        if url.path == "/api/v1/health":
            self.answer(200, {"status": "ok", "service": "slow"})
        elif url.path == "/api/v1/memories":
            limit = min(int(query.get("limit", 20)), 200)
            rows = self.node.store.select(
                "WHERE namespace = ? ORDER BY seq LIMIT ? OFFSET ?",
                (query.get("namespace", ""), limit, int(query.get("offset", 0))),
            )
            self.answer(200, {"memories": rows, "count": len(rows)})
        elif url.path == "/api/v1/sync/since":
            rows = self.node.store.select("WHERE seq > ? ORDER BY seq", (int(query.get("since", 0)),))
            self.answer(200, {"memories": rows, "count": len(rows)})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/v1/memories":
            self.answer(*self.node.create(body))
        elif self.path == "/api/v1/sync/push":
            ids = self.node.store.put(body["memories"])
            self.answer(200, {"applied": len(ids), "skipped": 0, "ids": ids})
        else:
            self.answer(404, {"error": "not found"})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9077)
    parser.add_argument("--quorum-writes", type=int, default=0)
    parser.add_argument("--quorum-peers", default="")
    parser.add_argument("--quorum-timeout-ms", type=int, default=2000)
    options = parser.parse_args()
    Handler.node = Node(options)
    for peer in Handler.node.peers:
        threading.Thread(target=Handler.node.catch_up, args=(peer,), daemon=True).start()
    Server((options.host, options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
