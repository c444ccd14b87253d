export { providerDefaults, type ProviderOptions } from "./options.ts";
export { createProvider, type Provider, type ProviderComponents, type ProviderStatus } from "./provider.ts";
