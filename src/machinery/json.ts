/** A JSON value. Integers beyond 2^53 are held as bigint, all other numbers as number. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}
