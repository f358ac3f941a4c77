import { execFileSync, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Why tests of TLS are passed over here; false where there is what makes certificates. */
export const lacksOpenssl: string | false =
  spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl here";

/** PEM files, good for two days. */
export type Certificates = {
  readonly ca: string;
  readonly server: Pair;
  readonly client: Pair;
};

export type Pair = {
  readonly cert: string;
  readonly key: string;
  /** Both in one file. */
  readonly both: string;
};

/** An authority of its own, with a certificate of a server and one of a client, in `folder`. `names` are those of both. */
export async function makeCertificates(folder: string, names = "IP:127.0.0.1"): Promise<Certificates> {
  const openssl = (...args: readonly string[]) => execFileSync("openssl", [...args], { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = { cert: join(folder, "ca.pem"), key: join(folder, "ca.key") };
  openssl("req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=ca", "-keyout", authority.key, "-out", authority.cert);
  const pair = async (name: string): Promise<Pair> => {
    const [cert, key, both] = [`${name}.pem`, `${name}.key`, `${name}.both.pem`].map((file) => join(folder, file));
    if (!cert || !key || !both) throw new Error("a file lacks its name");
    const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
    openssl("req", ...newKey, "-subj", `/CN=${name}`, "-keyout", key, "-out", request);
    await writeFile(extensions, `subjectAltName=${names}\n`);
    const by = ["-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial"];
    openssl("x509", "-req", "-in", request, ...by, "-days", "2", "-extfile", extensions, "-out", cert);
    await writeFile(both, (await readFile(key, "utf8")) + (await readFile(cert, "utf8")));
    return { cert, key, both };
  };
  return { ca: authority.cert, server: await pair("server"), client: await pair("client") };
}
