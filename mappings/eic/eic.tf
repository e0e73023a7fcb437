# The connection as a Terraform resource of Saviynt's provider. It reads the files beside it: EIC's
# ${...} need no escaping that way. The secrets are variables and stay out of the files.
#
# terraform apply -var bridge_token=...

terraform {
  required_providers {
    saviynt = {
      source = "saviynt/saviynt"
    }
  }
}

variable "bridge_token" {
  description = "--auth token: what `goto-scim-bridge token create eic` printed"
  type        = string
  sensitive   = true
  default     = ""
}

variable "client_id" {
  description = "--auth client-credentials or basic: the client's name, such as eic"
  type        = string
  default     = ""
}

variable "client_secret" {
  description = "--auth client-credentials or basic: the client's token"
  type        = string
  sensitive   = true
  default     = ""
}

locals {
  blank    = file("${path.module}/ConnectionJSON.json")
  token    = replace(local.blank, "@BRIDGE_TOKEN@", var.bridge_token)
  id       = replace(replace(local.token, "@CLIENT_ID@", var.client_id), "@USER@", var.client_id)
  secret   = replace(local.id, "@CLIENT_SECRET@", var.client_secret)
  complete = replace(local.secret, "@PASSWORD@", var.client_secret)
}

resource "saviynt_rest_connection_resource" "goto" {
  connection_type         = "REST"
  connection_name         = "GoToMeeting via SCIM bridge"
  connection_json         = local.complete
  import_account_ent_json = file("${path.module}/ImportAccountEntJSON.json")
  status_threshold_config = file("${path.module}/STATUS_THRESHOLD_CONFIG.json")
  create_account_json     = file("${path.module}/CreateAccountJSON.json")
  update_account_json     = file("${path.module}/UpdateAccountJSON.json")
  enable_account_json     = file("${path.module}/EnableAccountJSON.json")
  disable_account_json    = file("${path.module}/DisableAccountJSON.json")
  add_access_json         = file("${path.module}/AddAccessJSON.json")
  remove_access_json      = file("${path.module}/RemoveAccessJSON.json")
  remove_account_json     = file("${path.module}/RemoveAccountJSON.json")
  config_json             = file("${path.module}/ConfigJSON.json")
}
