import { z } from "zod";
import type { OperatorApp } from "../operator-context.ts";
import { roles } from "./role.ts";

const who = z.object({
  name: z.string().optional().meta({ description: "Absent where nobody is asked who they are" }),
  role: z.enum(roles),
  services: z.array(z.string()).meta({ description: "What may be shifted: names, how names begin and a *, or *" }),
  datacenters: z.array(z.string()),
  knownBy: z.enum(["token", "certificate", "nothing"]).meta({
    description: "nothing: this server asks nobody who they are, and everybody who reaches it is admin",
  }),
});

/** Who the server takes the caller for. */
export function authRoutes(app: OperatorApp): void {
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
      const { name, role, services, datacenters, knownBy } = principal;
      if (role === "admin") return { name, role, ...everything, knownBy };
      return { name, role, services: [...services], datacenters: role === "viewer" ? [] : [...datacenters], knownBy };
    },
  );
}
