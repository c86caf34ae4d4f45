<?php
/**
 * What is wrong with a value.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

/**
 * Names the field, the rule it breaks and what to do.
 */
final class Fault {

	/**
	 * The field's name.
	 *
	 * @var string
	 */
	public string $field;

	/**
	 * The rule that is broken, by its code: unknown, bool, int, least, most, auto, choice, text, length, email, window, ga4, url, key, secret.
	 *
	 * @var string
	 */
	public string $rule;

	/**
	 * What to do, in plain words.
	 *
	 * @var string
	 */
	public string $remedy;

	/**
	 * Notes what is wrong.
	 *
	 * @param string $field  The field's name.
	 * @param string $rule   The rule's code.
	 * @param string $remedy What to do.
	 */
	public function __construct( string $field, string $rule, string $remedy ) {
		$this->field  = $field;
		$this->rule   = $rule;
		$this->remedy = $remedy;
	}

	/**
	 * Returns it as the wire and the logs have it.
	 *
	 * @return array<string, string>
	 */
	public function told(): array {
		return array( 'field' => $this->field, 'rule' => $this->rule, 'remedy' => $this->remedy );
	}
}
