/** Which RabbitMQ. */
export type RabbitMqSettings = {
  /** `amqp://USER:PASSWORD@HOST:PORT/VHOST`, or amqps. */
  readonly url: string;
  /** In front of the names of all queues; may be empty. */
  readonly prefix: string;
};
