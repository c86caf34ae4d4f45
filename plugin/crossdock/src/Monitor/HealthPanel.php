<?php
/**
 * The panel in Site Health's info.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Commands\Status;
use Crossdock\Hub\Credentials;
use Crossdock\Site\Hazards;
use Crossdock\Site\Requirements;

/**
 * Tells what somebody who helps wants to know; what names the site's own matters is left out when the text is copied.
 */
class HealthPanel {

	/**
	 * How the plugin does.
	 *
	 * @var Status
	 */
	private Status $status;

	/**
	 * What is known of the pairing.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * What is in the way.
	 *
	 * @var Hazards
	 */
	private Hazards $hazards;

	/**
	 * What the site lacks.
	 *
	 * @var Requirements
	 */
	private Requirements $requirements;

	/**
	 * Notes what it needs.
	 *
	 * @param Status       $status       How the plugin does.
	 * @param Credentials  $credentials  What is known of the pairing.
	 * @param Hazards      $hazards      What is in the way.
	 * @param Requirements $requirements What the site lacks.
	 */
	public function __construct( Status $status, Credentials $credentials, Hazards $hazards, Requirements $requirements ) {
		$this->status       = $status;
		$this->credentials  = $credentials;
		$this->hazards      = $hazards;
		$this->requirements = $requirements;
	}

	/**
	 * Returns the panel.
	 *
	 * @return array<string, mixed> label and fields.
	 */
	public function document(): array {
		$status  = $this->status->document();
		$pairing = $this->credentials->connection();
		$fields  = array(
			'version' => self::field( __( 'Version', 'crossdock' ), (string) $status['versions']['plugin'] ),
			'hub'     => self::field( __( 'Hub', 'crossdock' ), '' === $this->credentials->hub() ? __( 'not connected', 'crossdock' ) : $this->credentials->hub() ) + array( 'private' => true ),
			'link'    => self::field( __( 'Connection', 'crossdock' ), is_array( $pairing['connection'] ?? null ) ? (string) ( $pairing['connection']['id'] ?? '' ) : '' ),
			'paused'  => self::field( __( 'Sending', 'crossdock' ), $status['sending']['paused'] ? __( 'paused', 'crossdock' ) . ' (' . $status['sending']['reason'] . ')' : __( 'on', 'crossdock' ) ),
			'last'    => self::field( __( 'Last success', 'crossdock' ), (string) ( $status['sending']['last_success'] ?? __( 'never', 'crossdock' ) ) ),
			'next'    => self::field( __( 'Next run', 'crossdock' ), trim( ( $status['sending']['next_run'] ?? __( 'none', 'crossdock' ) ) . ' ' . $status['sending']['by'] ) ),
			'cron'    => self::field( __( 'WP-Cron', 'crossdock' ), $status['cron']['disabled'] ? __( 'switched off', 'crossdock' ) : __( 'on', 'crossdock' ) ),
		);
		foreach ( $status['outbox'] as $name => $count ) {
			/* translators: %s: a state of the queue's rows. */
			$fields[ 'outbox_' . $name ] = self::field( sprintf( __( 'Queue: %s', 'crossdock' ), $name ), (string) $count );
		}
		$codes             = array_column( $this->hazards->last(), 'code' );
		$fields['hazards'] = self::field( __( 'Hazards found', 'crossdock' ), array() === $codes ? __( 'none', 'crossdock' ) : implode( ', ', $codes ) );
		foreach ( $this->requirements->lacking() as $code => $one ) {
			/* translators: %s: what is lacking, such as "WooCommerce 8.9". */
			$fields[ 'lacks_' . $code ] = self::field( sprintf( __( 'Lacks %s', 'crossdock' ), $one['needs'] ), $one['fallback'] );
		}
		return array(
			'label'  => 'Crossdock',
			'fields' => $fields,
		);
	}

	/**
	 * Returns a field.
	 *
	 * @param string $label Its label, translated.
	 * @param string $value Its value.
	 * @return array<string, mixed>
	 */
	private static function field( string $label, string $value ): array {
		return array(
			'label' => $label,
			'value' => $value,
		);
	}
}
