"""client.py TARGET: a gRPC client that finds its servers by xDS, and takes orders as JSON lines on stdin, like
test/kit/xds-client-main.ts; GRPC_XDS_BOOTSTRAP_CONFIG says where the control plane is."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc


def main(target: str) -> None:
    # The backends speak plain bytes: what matters is who answers.
    channel = grpc.insecure_channel(target)
    tell({"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        options = order.get("options", {})
        say = channel.unary_unary(options.get("path", "/echo.v1.Echo/Say"), bytes, json.loads)
        deadline = options.get("deadlineMs", 5_000) / 1000
        headers = tuple(options.get("headers", {}).items())
        with ThreadPoolExecutor(options.get("atOnce", 10)) as workers:
            records = list(workers.map(lambda _: record(say, deadline, headers), range(order["send"])))
        tell({"answer": order["id"], "records": records})


def record(say: grpc.UnaryUnaryMultiCallable, deadline: float, headers: tuple) -> dict:
    started_at = now_ms()
    try:
        reply = say(bytes(16), timeout=deadline, metadata=headers)
        outcome = {"code": "OK", "details": "", "reply": reply}
    except grpc.RpcError as error:
        outcome = {"code": error.code().name, "details": error.details()}
    return {"startedAt": started_at, "endedAt": now_ms(), **outcome}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def tell(line: dict) -> None:
    print(json.dumps(line), flush=True)


main(sys.argv[1])
