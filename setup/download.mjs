import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";

// Node brings a list of authorities of its own; those that the machine's owner has added are in one of these.
const systemBundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
const patienceMs = 30_000;

/**
 * What a URL answers, trusting whom the machine trusts. Throws for anything but 200.
 * @param {string} url
 * @returns {Promise<Buffer>}
 */
export function download(url) {
  return new Promise((resolve, reject) => {
    const { get } = url.startsWith("http:") ? http : https;
    const request = get(url, { ca: [...rootCertificates, ...systemCertificates], timeout: patienceMs }, (answer) => {
      /** @type {Buffer[]} */
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(parts));
        else reject(new Error(`${url} answers ${answer.statusCode}`));
      });
    });
    request.on("timeout", () => request.destroy(new Error(`${url} did not answer for ${patienceMs / 1_000} s`)));
    request.on("error", (cause) => reject(new Error(`cannot get ${url}: ${cause.message}`, { cause })));
  });
}

const systemCertificates = systemBundles.flatMap((path) => {
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
});
