#!/usr/bin/env python3
"""Fills a database with the users and bookings of Year 1, in the layout of the earlier application.

usage: seed.py --uri mongodb://127.0.0.1:27017/?replicaSet=rs0 --db load [--scale 1]

Deterministic. At scale 1: 7,000 customers, 2,500 technicians, 500 companies, and 50,000 bookings of which 7,500 are open, all within
55 by 33 km around Nairobi. Another scale multiplies every number within the same area. The load server prepares it.
"""
import argparse
import datetime as dt
import random

from bson import ObjectId
from pymongo import MongoClient

CATEGORIES = {
    "plumbing": "leak_repair", "electrical": "wiring", "carpentry": "door_installation", "masonry": "tiling",
    "painting": "interior_painting", "hvac": "ac_repair", "welding": "metal_repair", "other": "handyman",
}
STATUSES = (
    ["pending"] * 2 + ["matching"] + ["assigned"] * 2 + ["accepted"] * 2 + ["in_progress"] + ["paid"] * 4
    + ["verified"] * 2 + ["completed"] * 4 + ["cancelled"] * 2
)
FIRST = "Amina Brian Cate David Esther Faith George Hassan Irene James Kevin Lucy Mary Njeri Otieno Peter".split()
LAST = "Kamau Mwangi Odhiambo Kiptoo Achieng Wafula Mutua Njoroge Barasa Cheruiyot".split()
WORDS = "water pipe leak kitchen sink repair urgent fix door lock wall paint gate weld roof tile socket".split()

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--uri", default="mongodb://127.0.0.1:27017/?replicaSet=rs0")
arguments.add_argument("--db", default="load")
arguments.add_argument("--scale", type=int, default=1)
options = arguments.parse_args()
chance = random.Random(42)
database = MongoClient(options.uri)[options.db]
now = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)


def new_id():
    return ObjectId("%024x" % chance.getrandbits(96))


def days_ago(days):
    return now - dt.timedelta(seconds=chance.random() * days * 86_400)


def place():
    coordinates = [round(chance.uniform(36.6, 37.1), 6), round(chance.uniform(-1.45, -1.15), 6)]
    address = "%d %s Road" % (chance.randint(1, 400), chance.choice(LAST))
    return {"type": "Point", "coordinates": coordinates, "address": address, "city": "Nairobi"}


def words(count):
    return " ".join(chance.choice(WORDS) for _ in range(count))


def user(number, identity, role):
    created = days_ago(300)
    record = {
        "_id": identity, "firstName": chance.choice(FIRST), "lastName": chance.choice(LAST), "role": role,
        "email": "u%06d@example.com" % number, "phoneNumber": "+2547%08d" % number, "status": "active",
        "bio": words(18), "location": place() | {"county": "Nairobi", "country": "Kenya"}, "serviceRadius": 10,
        "kyc": {"verified": role == "technician"}, "rating": {"average": 0, "count": 0},
        "stats": {"totalBookings": chance.randint(1, 60), "completedBookings": chance.randint(0, 50), "cancelledBookings": 0},
        "followers": [], "following": [], "fcmTokens": [], "loginHistory": [],
        "createdAt": created, "updatedAt": created, "__v": 0,
    }
    if role == "technician":
        skills = chance.sample(list(CATEGORIES)[:7], 2)
        record["skills"] = [
            {"name": CATEGORIES[kind], "category": kind, "yearsOfExperience": chance.randint(1, 20), "verified": True,
             "verificationDocuments": []} for kind in skills
        ]
        record["hourlyRate"] = chance.randint(300, 2_500)
        record["rating"] = {"average": round(chance.uniform(2.5, 5), 2), "count": chance.randint(1, 80)}
        record["availability"] = [
            {"dayOfWeek": day, "startTime": "08:00", "endTime": "18:00", "isAvailable": True} for day in range(7)
        ]
    return record


def booking(number, customers, technicians):
    created, status, category = days_ago(180), chance.choice(STATUSES), chance.choice(list(CATEGORIES))
    base = chance.choice([800, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000])
    customer, technician = chance.choice(customers), technicians[number % len(technicians)]
    record = {
        "_id": new_id(), "bookingNumber": "BK-SEED-%07d" % number, "customer": customer, "serviceCategory": category,
        "serviceType": CATEGORIES[category], "description": words(25), "urgency": "medium", "images": [],
        "serviceLocation": place(), "status": status,
        "timeSlot": {"date": created + dt.timedelta(days=3), "startTime": "09:00", "endTime": "11:00", "estimatedDuration": 120},
        "statusHistory": [{"status": "pending", "changedBy": customer, "changedAt": created, "notes": ""}],
        "pricing": {"basePrice": base, "serviceCharge": base, "platformFee": base * 0.1, "tax": 0, "discount": 0,
                    "totalAmount": base * 1.1, "currency": "KES"},
        "payment": {"status": "completed" if status in ("paid", "verified") else "pending"},
        "source": "mobile_app", "createdAt": created, "updatedAt": created, "__v": 0,
    }
    if status not in ("pending", "matching"):
        record["technician"] = technician
    return record


def fill(name, records):
    collection, batch, count = database[name], [], 0
    collection.drop()
    for record in records:
        batch.append(record)
        count += 1
        if len(batch) == 5_000:
            collection.insert_many(batch, ordered=False)
            batch = []
            print("\r%s: %d" % (name, count), end="", flush=True)
    if batch:
        collection.insert_many(batch, ordered=False)
    print("\r%s: %d" % (name, count))


MongoClient(options.uri).drop_database(options.db)
roles = ["customer"] * 7_000 + ["technician"] * 2_500 + ["corporate"] * 500
people = [(new_id(), role) for role in roles * options.scale] + [(ObjectId("0000000000000000000000a1"), "admin")]
technicians = [identity for identity, role in people if role == "technician"]
customers = [identity for identity, role in people if role in ("customer", "corporate")]
fill("users", (user(number, identity, role) for number, (identity, role) in enumerate(people)))
fill("bookings", (booking(number, customers, technicians) for number in range(50_000 * options.scale)))
