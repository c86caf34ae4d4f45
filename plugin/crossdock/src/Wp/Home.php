<?php
/**
 * Where this plugin lies.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Wp;

/**
 * The plugin's own file, folder, address and version.
 */
final class Home {

	/**
	 * The main file.
	 *
	 * @var string
	 */
	private string $file;

	/**
	 * The version of the code.
	 *
	 * @var string
	 */
	private string $version;

	/**
	 * Notes where the plugin lies.
	 *
	 * @param string $file    The main file, absolute.
	 * @param string $version The version of the code.
	 */
	public function __construct( string $file, string $version ) {
		$this->file    = $file;
		$this->version = $version;
	}

	/**
	 * Returns the main file, absolute.
	 *
	 * @return string
	 */
	public function file(): string {
		return $this->file;
	}

	/**
	 * Returns the version of the code.
	 *
	 * @return string
	 */
	public function version(): string {
		return $this->version;
	}

	/**
	 * Returns the absolute path of a file of the plugin.
	 *
	 * @param string $path Below the plugin's folder.
	 * @return string
	 */
	public function path( string $path ): string {
		return dirname( $this->file ) . '/' . $path;
	}

	/**
	 * Returns the address of a file of the plugin.
	 *
	 * @param string $path Below the plugin's folder.
	 * @return string
	 */
	public function url( string $path ): string {
		return plugins_url( $path, $this->file );
	}
}
