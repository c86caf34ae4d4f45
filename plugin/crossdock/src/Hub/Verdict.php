<?php
/**
 * What a step of the connection test found.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Hub;

/**
 * Puts what a step found into the words that a person reads.
 */
final class Verdict {

	/**
	 * Returns the names of the steps, translated.
	 *
	 * @return array<string, string>
	 */
	public static function titles(): array {
		return array(
			'name'  => __( 'The hub’s name', 'crossdock' ),
			'hub'   => __( 'The hub itself', 'crossdock' ),
			'key'   => __( 'This site’s key', 'crossdock' ),
			'clock' => __( 'The clocks', 'crossdock' ),
			'back'  => __( 'The way back into this site', 'crossdock' ),
		);
	}

	/**
	 * Returns that a step went well.
	 *
	 * @param string $step The step.
	 * @param string $text What was found.
	 * @return array<string, mixed>
	 */
	public static function good( string $step, string $text ): array {
		return array( 'step' => $step, 'title' => self::titles()[ $step ], 'ok' => true, 'cause' => 'ok', 'text' => $text, 'remedy' => '', 'said' => '' );
	}

	/**
	 * Puts a diagnosis into words.
	 *
	 * @param string    $step  The step.
	 * @param Diagnosis $found The diagnosis.
	 * @return array<string, mixed>
	 */
	public static function of( string $step, Diagnosis $found ): array {
		$words = Causes::words( $found );
		return array(
			'step'   => $step,
			'title'  => self::titles()[ $step ],
			'ok'     => $found->ok(),
			'cause'  => $found->cause,
			'text'   => $words['title'],
			'remedy' => $words['remedy'],
			'said'   => $found->ok() ? '' : $found->said,
		);
	}
}
