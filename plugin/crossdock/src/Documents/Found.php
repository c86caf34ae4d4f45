<?php
/**
 * What was found where a document was looked for.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * A document; or that the thing is gone for good; or that there is nothing to tell (a draft of a checkout); or that it cannot
 * be read now (WooCommerce is switched off), which must never be taken for a deletion.
 */
final class Found {

	public const DOCUMENT   = 'document';
	public const GONE       = 'gone';
	public const NOTHING    = 'nothing-to-tell';
	public const UNREADABLE = 'unreadable';

	/**
	 * One of the words above.
	 *
	 * @var string
	 */
	public string $what;

	/**
	 * The document; empty when there is none.
	 *
	 * @var array<string, mixed>
	 */
	public array $data;

	/**
	 * Why there is none, in plain words.
	 *
	 * @var string
	 */
	public string $why;

	/**
	 * Notes what was found.
	 *
	 * @param string               $what One of the words above.
	 * @param array<string, mixed> $data The document.
	 * @param string               $why  Why there is none.
	 */
	private function __construct( string $what, array $data, string $why ) {
		$this->what = $what;
		$this->data = $data;
		$this->why  = $why;
	}

	/**
	 * A document was found.
	 *
	 * @param array<string, mixed> $data The document.
	 * @return self
	 */
	public static function document( array $data ): self {
		return new self( self::DOCUMENT, $data, '' );
	}

	/**
	 * The thing is gone for good.
	 *
	 * @return self
	 */
	public static function gone(): self {
		return new self( self::GONE, array(), '' );
	}

	/**
	 * There is nothing to tell.
	 *
	 * @param string $why Plain words.
	 * @return self
	 */
	public static function nothing( string $why ): self {
		return new self( self::NOTHING, array(), $why );
	}

	/**
	 * It is there and cannot be read now.
	 *
	 * @param string $why Plain words, with the remedy.
	 * @return self
	 */
	public static function unreadable( string $why ): self {
		return new self( self::UNREADABLE, array(), $why );
	}
}
