"""The worst bodies that a client may send, from processes of their own, and what another route's
clients feel of them."""

import contextlib
import http.client
import json
import multiprocessing
import time

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MOST = 1 << 20  # bytes of a body
ELEMENTS = 10_000  # values of one attribute
# Not forked: a copy of this process would keep every socket of the other rows open.
APART = multiprocessing.get_context("spawn")


def members(name, order):
    """A group with as many members as fit into the bounds, in one order or the other."""
    each = MOST // ELEMENTS - len('{"value":"","display":""},') - 2
    value = "{:0" + str(each // 2) + "d}"
    listed = [{"value": value.format(number), "display": value.format(number)} for number in range(ELEMENTS)]
    text = json.dumps({"schemas": [GROUP], "displayName": name, "members": listed[::order]}, separators=(",", ":"))
    assert MOST * 0.9 < len(text) <= MOST, len(text)
    return text


def exchange(port, token, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def flood(port, token, path, name, end, done):
    """Replaces one large group again and again, each time with its members in the other order."""
    bodies = [members(name, 1), members(name, -1)]
    status, made = exchange(port, token, "POST", path, bodies[0])
    assert status == 201, (status, made[:300])
    group = json.loads(made)["id"]
    turn = 1
    while not end.is_set():
        status, answer = exchange(port, token, "PUT", f"{path}/{group}", bodies[turn % 2])
        assert status == 200, (status, answer[:300])
        done.value += 1
        turn += 1
    exchange(port, token, "DELETE", f"{path}/{group}")


@contextlib.contextmanager
def flooded(port, token, path, clients):
    """So many clients flood; the number of bodies that each has had answered, in shared memory."""
    end = APART.Event()
    done = [APART.Value("i", 0) for _ in range(clients)]
    started = [
        APART.Process(target=flood, args=(port, token, path, f"flood {at}", end, mine), daemon=True)
        for at, mine in enumerate(done)
    ]
    for process in started:
        process.start()
    # It begins when each has been answered once.
    while not all(mine.value for mine in done) and all(process.is_alive() for process in started):
        started[0].join(0.05)
    yield done
    end.set()
    for process in started:
        process.join(120)
    assert not any(process.exitcode for process in started), "a flooding client failed"


def p99(port, token, path, times=400):
    """The 99th percentile of the seconds that a GET takes, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    seconds = []
    with contextlib.closing(connection):
        for _ in range(times):
            began = time.perf_counter()
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            seconds.append(time.perf_counter() - began)
    return sorted(seconds)[times * 99 // 100]
