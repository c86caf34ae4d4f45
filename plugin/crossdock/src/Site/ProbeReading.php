<?php
/**
 * What the probe's answer says.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Wp\Json;
use Crossdock\Wp\Reply;

/**
 * Reads what came back from this site's own REST interface.
 */
final class ProbeReading {

	/**
	 * Reads what came back.
	 *
	 * @param Reply                 $reply  What came back.
	 * @param array<string, string> $sent   The headers that were sent.
	 * @param string                $mark   The mark.
	 * @param string                $digest SHA-256 of the body that was sent, hex.
	 * @return array{code: string, said: string, once: string}
	 */
	public static function of( Reply $reply, array $sent, string $mark, string $digest ): array {
		$told  = Json::decode( $reply->body );
		$found = array( 'code' => '', 'said' => '', 'once' => (string) ( $told['once'] ?? '' ) );
		if ( 0 === $reply->status ) {
			return array( 'code' => 'unreachable', 'said' => $reply->failure ) + $found;
		}
		if ( 200 !== $reply->status ) {
			return array( 'code' => 'rest-blocked', 'said' => 'HTTP ' . $reply->status . ' ' . (string) ( $told['code'] ?? '' ) ) + $found;
		}
		if ( null === $told || ! isset( $told['headers'] ) ) {
			return array( 'code' => 'noise', 'said' => substr( wp_strip_all_tags( $reply->body ), 0, 120 ) ) + $found;
		}
		$lost = array_keys( array_diff_assoc( $sent, (array) $told['headers'] ) );
		if ( array() !== $lost ) {
			return array( 'code' => 'headers-stripped', 'said' => implode( ', ', $lost ) ) + $found;
		}
		if ( $digest !== $told['body'] ) {
			return array( 'code' => 'body-changed' ) + $found;
		}
		if ( true !== ( $told['option'] ?? false ) ) {
			return array( 'code' => 'stale-options' ) + $found;
		}
		return ( wp_using_ext_object_cache() && $mark !== $told['cache'] ) ? array( 'code' => 'cache-lost' ) + $found : $found;
	}
}
