/** The decorators of a class, which `@` would put in front of what they belong to. */
export interface Decorators {
  readonly class?: readonly ClassDecorator[];
  /** Of the parameters of the constructor. */
  readonly injected?: readonly ParameterDecorator[];
  readonly methods?: Readonly<Record<string, readonly MethodDecorator[]>>;
  readonly parameters?: Readonly<Record<string, readonly ParameterDecorator[]>>;
}

/**
 * Applies decorators without their syntax, which Node cannot run as it is. In an application that is
 * compiled, write `@Controller("notes") class NotesController { @Get() list() { … } }`.
 */
export function decorate(type: new (...args: never[]) => object, decorators: Decorators): void {
  const { class: ofClass = [], injected = [], methods = {}, parameters = {} } = decorators;
  for (const [name, list] of Object.entries(parameters)) {
    for (const [index, apply] of list.entries()) apply(type.prototype as object, name, index);
  }
  for (const [name, list] of Object.entries(methods)) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
    for (const apply of list) apply(type.prototype as object, name, descriptor ?? {});
  }
  for (const [index, apply] of injected.entries()) apply(type, undefined, index);
  for (const apply of ofClass) apply(type);
}
