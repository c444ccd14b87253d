export { createGateway, type Gateway, type GatewayComponents, type GatewayStatus } from "./gateway.ts";
export { gatewayDefaults, type GatewayOptions } from "./options.ts";
