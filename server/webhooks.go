package server

import (
	"context"
	"time"

	"chaosctl/server/internal/service"
	"chaosctl/server/internal/webhook"
)

// webhookGrace is how long deliveries may take once the server stops.
const webhookGrace = 5 * time.Second

// deliver has the service's events delivered to subscribers until ctx ends, and then those that
// are left, within webhookGrace.
func (c Config) deliver(ctx context.Context, memories *service.Service, hooks *webhook.Dispatcher) {
	memories.Announce(ctx)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), webhookGrace)
	defer cancel()
	if err := hooks.Close(grace); err != nil {
		c.Logger.Warn("shutting down: " + err.Error())
	}
}

// webhooks returns what delivers the service's events. It is at work: deliver ends it.
func (c Config) webhooks(memories *service.Service) *webhook.Dispatcher {
	hooks := webhook.New(webhook.Options{
		Guard:  webhook.Guard{AllowLoopback: c.WebhookAllowLoopback},
		Done:   memories.Delivered,
		Logger: c.Logger,
	})
	memories.UseWebhooks(outgoing{hooks})
	return hooks
}

// outgoing hands the service's deliveries on.
type outgoing struct{ *webhook.Dispatcher }

func (o outgoing) Send(d service.Delivery) error {
	return o.Dispatcher.Send(webhook.Delivery(d))
}
