<?php
/**
 * What a site needs before the plugin can work.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Settings\Settings;

/**
 * Makes tables, options and capability on the present site; what is there stays. May run any number of times.
 */
class Preparation {

	/**
	 * The option that says why the tables could not be made.
	 */
	public const TROUBLE = 'crossdock_trouble';

	/**
	 * The tables.
	 *
	 * @var Tables
	 */
	private Tables $tables;

	/**
	 * Who may manage the plugin.
	 *
	 * @var Capability
	 */
	private Capability $capability;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Takes what it makes.
	 *
	 * @param Tables     $tables     The tables.
	 * @param Capability $capability Who may manage the plugin.
	 * @param Settings   $settings   The settings.
	 */
	public function __construct( Tables $tables, Capability $capability, Settings $settings ) {
		$this->tables     = $tables;
		$this->capability = $capability;
		$this->settings   = $settings;
	}

	/**
	 * Makes what is missing.
	 *
	 * @return bool False when the database refused a table; why stands in TROUBLE.
	 */
	public function run(): bool {
		$trouble = $this->tables->make();
		if ( '' !== $trouble ) {
			update_option( self::TROUBLE, $trouble, false );
			return false;
		}
		delete_option( self::TROUBLE );
		add_option( Activation::INSTANCE, wp_generate_uuid4(), '', false );
		add_option( Settings::OPTION, $this->settings->all(), '', true );
		$this->capability->give();
		return true;
	}
}
