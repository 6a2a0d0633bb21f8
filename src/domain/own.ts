/** Returns a member that an object itself has: by a foreign name, such as `constructor`, `object[name]` would find what every object inherits. */
export const own = <Value>(object: { readonly [name: string]: Value }, name: string): Value | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined
