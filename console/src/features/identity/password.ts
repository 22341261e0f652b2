import { Problem } from "../../api/client";

export const PASSWORD_LENGTH = { min: 12, max: 200 };

export interface PasswordProblem {
  field: "password" | "again";
  message: string;
}

/** What can be said of a new password before it is sent. */
export function passwordProblem(form: FormData): PasswordProblem | null {
  const password = String(form.get("password"));
  // As the server counts: characters, not UTF-16 units.
  if ([...password].length < PASSWORD_LENGTH.min) return { field: "password", message: `Use at least ${PASSWORD_LENGTH.min} characters.` };
  if (password !== form.get("again")) return { field: "again", message: "The two passwords differ." };
  return null;
}

/** What the server has against a field of the form. */
export function refused(problem: unknown, field: string): string | undefined {
  return problem instanceof Problem ? problem.errors.find((error) => error.field === field)?.message : undefined;
}
