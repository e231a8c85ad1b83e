/// Which output limits may be lowered to what a quota still covers.
enum ClampRule: String, Sendable { case never, implicit, explicit }
/// What output costs that a client left before it could be counted.
enum DisconnectPolicy: String, Sendable { case estimate, chargeHold = "charge_hold", void }
/// What a call costs whose process died before its end.
enum UncertainPolicy: String, Sendable { case chargeInput = "charge_input", chargeHold = "charge_hold", void }
