<?php
/**
 * What is captured at all.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Hub\Credentials;
use Crossdock\Outbox\Outbox;
use Crossdock\Settings\Settings;

/**
 * The door between the hooks and the outbox: a site that is not paired, a kind that is switched off and what a filter keeps
 * back cost nothing more.
 */
class Gate {

	/**
	 * Where it is written.
	 *
	 * @var Outbox
	 */
	private Outbox $outbox;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Whether the site is paired.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * Takes what it works with.
	 *
	 * @param Outbox      $outbox      Where it is written.
	 * @param Settings    $settings    The settings.
	 * @param Credentials $credentials Whether the site is paired.
	 */
	public function __construct( Outbox $outbox, Settings $settings, Credentials $credentials ) {
		$this->outbox      = $outbox;
		$this->settings    = $settings;
		$this->credentials = $credentials;
	}

	/**
	 * Tells whether something of a kind is captured.
	 *
	 * @param string $setting Its switch: `send_orders` …
	 * @return bool
	 */
	public function open( string $setting ): bool {
		return $this->credentials->paired() && $this->settings->on( $setting );
	}

	/**
	 * Something was saved: an order, a refund, a customer at once, a product at the end of the request.
	 *
	 * @param string $kind     Either order, customer, product or refund.
	 * @param int    $id       The site's id.
	 * @param int    $priority 1 live, 2 standard.
	 * @return void
	 */
	public function saved( string $kind, int $id, int $priority = 1 ): void {
		if ( $id <= 0 || ! $this->wanted( $kind, $id, 'saved' ) ) {
			return;
		}
		if ( $priority > 1 ) {
			$this->outbox->later( $kind, $id, $priority );
		} else {
			$this->outbox->saved( $kind, $id, $priority );
		}
	}

	/**
	 * Something is gone for good.
	 *
	 * @param string       $kind Either order, customer, product or refund.
	 * @param int          $id   The site's id.
	 * @param array<mixed> $more What else the hub is told.
	 * @return void
	 */
	public function deleted( string $kind, int $id, array $more = array() ): void {
		if ( $id > 0 && $this->wanted( $kind, $id, 'deleted' ) ) {
			$this->outbox->deleted( $kind, $id, $more );
		}
	}

	/**
	 * Something happened.
	 *
	 * @param string       $type     Its type.
	 * @param array<mixed> $data     What happened.
	 * @param string       $entity   Whom it is about; empty for nobody.
	 * @param string       $subject  The person's e-mail address; empty for nobody's.
	 * @param int          $priority 1 live, 2 standard.
	 * @return string The event's id; empty when it was not written.
	 */
	public function happened( string $type, array $data, string $entity = '', string $subject = '', int $priority = 1 ): string {
		return $this->outbox->happened( $type, $data, $entity, $subject, $priority );
	}

	/**
	 * Asks the site's filters.
	 *
	 * @param string $kind   The kind.
	 * @param int    $id     The site's id.
	 * @param string $action Either saved or deleted.
	 * @return bool
	 */
	private function wanted( string $kind, int $id, string $action ): bool {
		/**
		 * Says whether a change is captured.
		 *
		 * @param bool   $wanted Whether it is.
		 * @param string $kind   Either order, customer, product or refund.
		 * @param int    $id     The site's id.
		 * @param string $action Either saved or deleted.
		 */
		return (bool) apply_filters( 'crossdock_capture', true, $kind, $id, $action );
	}
}
