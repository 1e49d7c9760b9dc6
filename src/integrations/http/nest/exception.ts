import type { HttpException as Exception } from "@nestjs/common";
import type { Refusal } from "../common/status.ts";
import { HttpException } from "./peer.ts";

/** Makes the exception that Nest answers as the adapters of other frameworks answer a refusal. */
export function toException({ cause, error, message, status }: Refusal): Exception {
  return new HttpException({ error, message }, status, { cause });
}
