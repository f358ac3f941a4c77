import { z } from "zod";
import { roles } from "../../model/role.ts";
import type { OperatorApp, OperatorContext } from "../operator-context.ts";

const who = z.object({
  name: z.string().optional().meta({ description: "Absent where nobody is asked who they are" }),
  role: z.enum(roles),
  services: z.array(z.string()).meta({ description: "What may be shifted: names, how names begin and a *, or *" }),
  datacenters: z.array(z.string()),
  also: z
    .array(z.object({ services: z.array(z.string()), datacenters: z.array(z.string()) }))
    .optional()
    .meta({ description: "What else may be shifted, by further groups" }),
  subject: z.string().optional().meta({ description: "Of oidc: the provider's URL, and its name for you" }),
  knownBy: z.enum(["token", "certificate", "oidc", "nothing"]).meta({
    description: "nothing: this server asks nobody who they are, and everybody who reaches it is admin",
  }),
});

const way = z.object({
  issuer: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  shows: z
    .enum(["id-token", "access-token"])
    .meta({ description: "Which of the provider's tokens is for this server" }),
  endpoints: z
    .object({ authorization: z.string(), token: z.string() })
    .optional()
    .meta({ description: "Absent: the provider cannot be reached" }),
});

/** Who the server takes the caller for, and how one says who one is. */
export function authRoutes(app: OperatorApp, { login }: OperatorContext): void {
  app.get(
    "/v1/login",
    {
      schema: {
        summary: "How to say who you are",
        tags: ["self"],
        response: {
          200: z.object({
            oidc: way
              .optional()
              .meta({ description: "Absent: not by an OpenID provider, or by a token that you bring" }),
          }),
        },
      },
    },
    async () => {
      const known = await login?.();
      if (!known) return {};
      const { endpoints, scopes, ...rest } = known;
      return { oidc: { ...rest, scopes: [...scopes], ...(endpoints && { endpoints }) } };
    },
  );

  app.get(
    "/v1/whoami",
    {
      schema: {
        summary: "Who the server takes you for, and what you may do",
        tags: ["self"],
        response: { 200: who },
      },
    },
    async ({ principal }) => {
      const everything = { services: ["*"], datacenters: ["*"] };
      if (!principal) return { role: "admin" as const, ...everything, knownBy: "nothing" as const };
      const { name, role, services, datacenters, also, knownBy, subject } = principal;
      const whom = { name, role, knownBy, ...(subject !== undefined && { subject }) };
      if (role === "admin") return { ...whom, ...everything };
      const reach = { services: [...services], datacenters: role === "viewer" ? [] : [...datacenters] };
      if (!also) return { ...whom, ...reach };
      const others = also.map((each) => ({ services: [...each.services], datacenters: [...each.datacenters] }));
      return { ...whom, ...reach, also: others };
    },
  );
}
