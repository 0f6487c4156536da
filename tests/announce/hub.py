"""Runs a WebSub hub and a subscriber on one port, and prints what happens, a line each."""

import re
import sys
import tempfile
from pathlib import Path

from celery import Celery
from flask import Flask, request
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.subscriber import (
    SQLite3SubscriberStorage,
    SQLite3TempSubscriberStorage,
    Subscriber,
    discover,
)

PORT = int(sys.argv[1])
DIRECTORY = Path(tempfile.mkdtemp(prefix="courant-hub-"))

app = Flask(__name__)
app.config["PUBLISH_SUPPORTED"] = True
celery = Celery("hub")
celery.conf.task_always_eager = True
hub = Hub(SQLite3HubStorage(str(DIRECTORY / "hub.sqlite3")), celery, **app.config)
app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
subscriber = Subscriber(
    SQLite3SubscriberStorage(str(DIRECTORY / "subscriber.sqlite3")),
    SQLite3TempSubscriberStorage(str(DIRECTORY / "temporary.sqlite3")),
)
app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))


@app.before_request
def print_ping():
    if request.method == "POST" and request.form.get("hub.mode") == "publish":
        print("ping", request.form["hub.topic"], flush=True)


@app.route("/subscribe")
def subscribe():
    found = discover(request.args["url"])
    subscriber.subscribe(**found)
    return f"{found}\n"


@subscriber.add_success_handler
def print_subscription(topic_url, callback_id, mode):
    print("subscribed", flush=True)


@subscriber.add_listener
def print_feed(topic_url, callback_id, body):
    titles = re.findall(r"<item>\s*<title>([^<]*)", body.decode())
    print("received", topic_url, *titles, flush=True)


app.run("127.0.0.1", PORT, threaded=True)
