<?php
/**
 * The hours of little traffic.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

/**
 * Reads `HH:MM-HH:MM` (the site's own time; may go over midnight) and says whether a moment lies in it.
 */
final class Window {

	/**
	 * Says whether a time of the day lies in the window.
	 *
	 * @param string $window `22:00-06:00`; empty or unreadable: any time.
	 * @param string $time   `HH:MM` of the site.
	 * @return bool
	 */
	public static function holds( string $window, string $time ): bool {
		if ( ! preg_match( '/^(\d\d):(\d\d)-(\d\d):(\d\d)$/D', $window, $found ) || ! preg_match( '/^(\d\d):(\d\d)$/D', $time, $now ) ) {
			return true;
		}
		$from = 60 * (int) $found[1] + (int) $found[2];
		$to   = 60 * (int) $found[3] + (int) $found[4];
		$at   = 60 * (int) $now[1] + (int) $now[2];
		if ( $from === $to ) {
			return true;
		}
		return $from < $to ? $at >= $from && $at < $to : $at >= $from || $at < $to;
	}
}
