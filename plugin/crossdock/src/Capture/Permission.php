<?php
/**
 * A person's permission to be written to.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Moment;

/**
 * Keeps marketing consent with its time, its text and its place, on orders and users, and tells the hub when it is given or
 * withdrawn. Without a consent that somebody gave there is none.
 */
class Permission {

	/**
	 * Meta of orders and users: `yes` or `no`, when (UTC), to which text, where.
	 */
	public const GIVEN = 'crossdock_marketing_consent';
	public const AT    = 'crossdock_marketing_consent_at';
	public const TEXT  = 'crossdock_marketing_consent_text';
	public const PLACE = 'crossdock_marketing_consent_place';

	/**
	 * The door to the outbox.
	 *
	 * @var Gate
	 */
	private Gate $gate;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Takes what it works with.
	 *
	 * @param Gate     $gate     The door to the outbox.
	 * @param Settings $settings The settings.
	 * @param Clock    $clock    The time.
	 */
	public function __construct( Gate $gate, Settings $settings, Clock $clock ) {
		$this->gate     = $gate;
		$this->settings = $settings;
		$this->clock    = $clock;
	}

	/**
	 * Returns what people agree to.
	 *
	 * @return string
	 */
	public function text(): string {
		$text = trim( $this->settings->text( 'consent_text' ) );
		/* translators: %s: name of the site. */
		return '' !== $text ? $text : sprintf( __( '%s may send me news and offers by e-mail. I can withdraw this at any time.', 'crossdock' ), get_bloginfo( 'name' ) );
	}

	/**
	 * Returns a consent as meta.
	 *
	 * @param bool   $given Whether it was given; false when it was withdrawn.
	 * @param string $place Where: `checkout`, `checkout-block`, `registration`, `account`, `profile`, `code`.
	 * @param string $text  What was agreed to; empty for the site's.
	 * @return array<string, string>
	 */
	public function meta( bool $given, string $place, string $text = '' ): array {
		return array(
			self::GIVEN => $given ? 'yes' : 'no',
			self::AT    => Moment::wire( $this->clock->now() ),
			self::TEXT  => '' === $text ? $this->text() : $text,
			self::PLACE => $place,
		);
	}

	/**
	 * Notes a user's consent, when it is another than before.
	 *
	 * @param int    $id    The user.
	 * @param bool   $given Whether it is given.
	 * @param string $place Where.
	 * @param string $text  What was agreed to; empty for the site's.
	 * @return bool Whether anything changed.
	 */
	public function of_user( int $id, bool $given, string $place, string $text = '' ): bool {
		$before = get_user_meta( $id, self::GIVEN, true );
		if ( ( $given ? 'yes' : 'no' ) === $before || ( ! $given && 'yes' !== $before ) ) {
			return false;
		}
		$meta = $this->meta( $given, $place, $text );
		foreach ( $meta as $key => $value ) {
			update_user_meta( $id, $key, wp_slash( $value ) );
		}
		$user = get_userdata( $id );
		$this->tell( $given, $meta, 'user:' . $id, $user instanceof \WP_User ? (string) $user->user_email : '' );
		if ( $this->gate->open( 'send_users' ) ) {
			$this->gate->saved( 'customer', $id );
		}
		return true;
	}

	/**
	 * Tells the hub.
	 *
	 * @param bool                  $given   Whether it was given; false when it was withdrawn.
	 * @param array<string, string> $meta    As `meta` made it.
	 * @param string                $entity  Whose: `user:12`, `order:34`.
	 * @param string                $subject The person's e-mail address.
	 * @return void
	 */
	public function tell( bool $given, array $meta, string $entity, string $subject ): void {
		if ( ! $this->gate->open( 'send_users' ) && ! $this->gate->open( 'send_orders' ) ) {
			return;
		}
		$this->gate->happened(
			$given ? 'consent.given' : 'consent.withdrawn',
			array(
				'purpose' => 'marketing',
				'given'   => $given,
				'at'      => $meta[ self::AT ],
				'text'    => $meta[ self::TEXT ],
				'place'   => $meta[ self::PLACE ],
				'email'   => $subject,
			),
			$entity,
			$subject
		);
	}
}
