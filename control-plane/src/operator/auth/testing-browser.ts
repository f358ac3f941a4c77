const mostSteps = 20;

/**
 * What somebody does in a browser at a provider, from this address on: follows redirects and sends each form that comes, by the
 * name ana where one is asked for. Ends at the first address that `until` says, and tells it; unless told, where no form comes.
 */
export async function logInAt(
  address: string,
  { until }: { readonly until?: (url: string) => boolean } = {},
): Promise<string> {
  const cookies = new Map<string, string>();
  let [url, init]: [string, RequestInit] = [address, {}];
  for (let steps = 0; steps < mostSteps; steps++) {
    if (until?.(url)) return url;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, headers: { cookie }, redirect: "manual" });
    for (const each of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      cookies.set(name, value);
    }
    const to = response.headers.get("location");
    const text = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
    if (to !== null) [url, init] = [new URL(to, url).href, {}];
    else if (action !== undefined) [url, init] = [new URL(action, url).href, { method: "POST", body: answersTo(text) }];
    else if (until) throw new Error(`no form at ${url}: ${text.slice(0, 300)}`);
    else return url;
  }
  throw new Error(`the provider goes on asking at ${url}`);
}

function answersTo(form: string): URLSearchParams {
  const hidden = [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const answers = new URLSearchParams(hidden.map(([, name = "", value = ""]): [string, string] => [name, value]));
  if (form.includes('name="login"')) answers.set("login", "ana");
  if (form.includes('name="password"')) answers.set("password", "x");
  return answers;
}
