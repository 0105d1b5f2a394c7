"""etcd and kube-apiserver of this machine, for as long as a `with` block runs, and a client of theirs.

There is no kubelet and there are no controllers, so admission that waits for a controller or calls a
workload is off: ServiceAccount, ResourceQuota, webhooks and admission policies. The rest is on.
"""

import http.client
import json
import os
import secrets
import socket
import ssl
import subprocess
import threading
import time

ADMISSION_OFF = (
    "ServiceAccount,ResourceQuota,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,"
    "MutatingAdmissionPolicy,ValidatingAdmissionPolicy"
)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, apiserver, etcd, folder):
        self.apiserver, self.etcd, self.folder = apiserver, etcd, folder
        self.processes, self.local, self.resources = [], threading.local(), {}

    def start(self, name, *command):
        log = open(os.path.join(self.folder, name + ".log"), "wb")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def __enter__(self):
        def path(*parts):
            return os.path.join(self.folder, *parts)

        os.makedirs(self.folder, exist_ok=True)
        client, peer, self.port = free_port(), free_port(), free_port()
        etcd = f"http://127.0.0.1:{client}"
        peers = f"http://127.0.0.1:{peer}"
        self.start(
            "etcd", self.etcd, "--data-dir", path("etcd"), "--listen-client-urls", etcd,
            "--advertise-client-urls", etcd, "--listen-peer-urls", peers,
            "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}",
        )
        subprocess.run(["openssl", "genrsa", "-out", path("sa.key"), "2048"], check=True, capture_output=True)
        self.token = secrets.token_hex(16)
        with open(path("tokens.csv"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as tokens:
            tokens.write(f"{self.token},admin,1,system:masters\n")
        self.start(
            "kube-apiserver", self.apiserver, "--etcd-servers", etcd, "--cert-dir", path("certificates"),
            "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", str(self.port),
            "--token-auth-file", path("tokens.csv"), "--anonymous-auth=false", "--authorization-mode=AlwaysAllow",
            "--disable-admission-plugins", ADMISSION_OFF, "--service-cluster-ip-range", "10.96.0.0/12",
            "--service-account-issuer", "https://localhost", "--service-account-key-file", path("sa.key"),
            "--service-account-signing-key-file", path("sa.key"), "--allow-privileged",
            "--endpoint-reconciler-type=none",
        )
        try:
            self.until_ready(path("certificates", "apiserver.crt"))
        except BaseException:
            self.stop()
            raise
        return self

    def until_ready(self, certificate):
        for _ in range(240):
            if any(process.poll() is not None for process in self.processes):
                break
            try:
                self.tls = ssl.create_default_context(cafile=certificate)
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.5)
        raise SystemExit(f"the API server is not ready; see the logs in {self.folder}")

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __exit__(self, *_):
        self.stop()

    def call(self, method, path, body=None, content_type="application/json"):
        """The status and the parsed answer of one request; a connection per thread is kept."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        for attempt in (0, 1):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.tls)
                self.local.connection = connection
            try:
                connection.request(method, path, body and body.encode(), headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if attempt:
                    raise
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"message": text.decode(errors="replace")}

    def resource(self, api_version, kind):
        """What discovery says of a kind: (path of the version, plural, namespaced), or None."""
        if api_version not in self.resources:
            base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            status, answer = self.call("GET", base)
            if status != 200:
                return None
            self.resources[api_version] = {
                entry["kind"]: (base, entry["name"], entry["namespaced"])
                for entry in answer["resources"]
                if "/" not in entry["name"] and "patch" in entry["verbs"]
            }
        return self.resources[api_version].get(kind)
