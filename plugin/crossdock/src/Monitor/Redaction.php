<?php
/**
 * Keeps secrets and people out of the log.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

/**
 * Takes out of a text what may be a secret or belong to a person, and of a context all that is not on a short list.
 * Messages are written by the plugin; this is the second lock for what a server or another plugin put into them.
 */
final class Redaction {

	/**
	 * What a context may hold: ids, counts, codes, never documents.
	 */
	private const KEPT = array(
		'source',
		'event_id',
		'entity',
		'kind',
		'action',
		'type',
		'attempts',
		'batch',
		'status',
		'code',
		'field',
		'rule',
		'retry_after',
		'duration_ms',
		'count',
		'version',
		'hook',
		'command',
		'user',
		'request_id',
		'skew_s',
	);

	/**
	 * Pattern => what stands in its place. The order counts.
	 */
	private const PATTERNS = array(
		'/\b(?:cdk_|cds_|cdp1\.)[A-Za-z0-9_.\-]+/'                      => '[secret]',
		'/\b(?:bearer|basic)\s+[A-Za-z0-9+\/=_.\-]{8,}/i'               => '[secret]',
		'/\b(?:consumer_)?(?:key|secret|password|passwd|pwd|token|signature|nonce|authorization)\b["\']?\s*[=:]\s*["\']?[^\s"\'&,;]+/i' => '[secret]',
		'/[A-Za-z0-9._%+\-]+(?:@|%40)[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+/' => '[e-mail]',
		'/(https?:\/\/)[^\s\/@]+@/i'                                    => '$1[secret]@',
		'/(https?:\/\/[^\s?#"\'<>]+)[?#][^\s"\'<>]*/i'                  => '$1',
		'/\b[0-9a-f]{40,}\b/i'                                          => '[secret]',
		'/\b(?:\d{1,3}\.){3}\d{1,3}\b/'                                 => '[address]',
		'/(?<![\w.\-])\+?\d(?:[ ().\/\-]?\d){8,17}(?![\w\-])/'          => '[number]',
	);

	/**
	 * The most characters of a message.
	 */
	private const LONGEST = 1000;

	/**
	 * Returns a message without what must not be kept.
	 *
	 * @param string $text Any text.
	 * @return string Plain text without tags, at most 1,000 characters.
	 */
	public static function text( string $text ): string {
		$text = (string) preg_replace( '/[\x00-\x1F\x7F]+/', ' ', strip_tags( $text ) );
		foreach ( self::PATTERNS as $pattern => $instead ) {
			$text = (string) preg_replace( $pattern, $instead, $text );
		}
		$text = trim( $text );
		if ( strlen( $text ) <= self::LONGEST ) {
			return $text;
		}
		// Cut between characters, whatever extension is there.
		return (string) preg_replace( '/[\xC0-\xFF][\x80-\xBF]*$|[\x80-\xBF]+$/D', '', substr( $text, 0, self::LONGEST - 3 ) ) . '…';
	}

	/**
	 * Returns what of a context may be kept.
	 *
	 * @param array<string, mixed> $context Anything.
	 * @return array<string, scalar>
	 */
	public static function context( array $context ): array {
		$kept = array();
		foreach ( self::KEPT as $name ) {
			if ( isset( $context[ $name ] ) && is_scalar( $context[ $name ] ) ) {
				$value         = $context[ $name ];
				$kept[ $name ] = is_string( $value ) && 'event_id' !== $name ? self::text( substr( $value, 0, 200 ) ) : $value;
			}
		}
		return $kept;
	}
}
