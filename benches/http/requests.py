#!/usr/bin/env python3
"""Writes lists of requests over a database that seed.py has filled, one file a kind of request.

usage: requests.py --uri mongodb://127.0.0.1:27017/?replicaSet=rs0 --db load --out DIR

A line is method, path, bearer token and body, separated by tabs; `-` is nothing. The tokens are those of the load server: `role:id`.
"""
import argparse
import datetime as dt
import json
import os
import random

from pymongo import MongoClient

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--uri", default="mongodb://127.0.0.1:27017/?replicaSet=rs0")
arguments.add_argument("--db", default="load")
arguments.add_argument("--out", required=True)
options = arguments.parse_args()
chance = random.Random(7)
database = MongoClient(options.uri)[options.db]
os.makedirs(options.out, exist_ok=True)

roles = {user["_id"]: user["role"] for user in database.users.find({}, {"role": 1})}
customers = [identity for identity, role in roles.items() if role == "customer"]
sample = list(database.bookings.aggregate([{"$sample": {"size": 4_000}}, {"$project": {"customer": 1, "status": 1}}]))
day = (dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=4)).date().isoformat()


def token(identity):
    return "%s:%s" % (roles[identity], identity)


def request(number):
    hour = 8 + number % 8
    return json.dumps({
        "serviceCategory": "plumbing", "serviceType": "leak_repair", "description": "The tap in the kitchen drips.",
        "serviceLocation": {"coordinates": [round(chance.uniform(36.6, 37.1), 5), round(chance.uniform(-1.45, -1.15), 5)],
                            "address": "Moi Avenue 7"},
        "timeSlot": {"date": day, "startTime": "%02d:00" % hour, "endTime": "%02d:00" % (hour + 2)},
        "paymentMethod": "cash",
    }, separators=(",", ":"))


def write(name, lines):
    with open(os.path.join(options.out, name + ".tsv"), "w", encoding="utf-8") as file:
        for line in lines:
            file.write("\t".join(line) + "\n")


BOOKINGS = "/api/v1/bookings"
# Each customer once in turn: open requests per customer are limited.
chance.shuffle(customers)
open_ones = [booking for booking in sample if booking["status"] in ("pending", "matching")]
write("get", [("GET", f"{BOOKINGS}/{b['_id']}", token(b["customer"]), "-") for b in sample])
write("list", [("GET", f"{BOOKINGS}?customer={b['customer']}", token(b["customer"]), "-") for b in sample])
write("candidates", [("GET", f"{BOOKINGS}/{b['_id']}/candidates", token(b["customer"]), "-") for b in open_ones])
write("quote", [("POST", BOOKINGS + "/quote", token(customers[n % len(customers)]), request(n)) for n in range(4_000)])
write("create", [("POST", BOOKINGS, token(customers[n % len(customers)]), request(n)) for n in range(20_000)])
write("stats", [("GET", BOOKINGS + "/stats", "admin:0000000000000000000000a1", "-")])
