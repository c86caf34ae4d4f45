<?php
/**
 * Updates from the hub.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Container;
use Crossdock\Wp\Home;

/**
 * Lets WordPress find, show and install new versions from the hub this site is paired with, and nothing that the hub has not signed.
 */
final class Updater {

	/**
	 * Builds what asks the hub, when it is wanted.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Where the plugin lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Container $container Builds what asks the hub.
	 * @param Home      $home      Where the plugin lies.
	 */
	public function __construct( Container $container, Home $home ) {
		$this->container = $container;
		$this->home      = $home;
	}

	/**
	 * Tells WordPress of the newest version.
	 *
	 * @param array<string, mixed>|false $update What was found so far.
	 * @param array<string, string>      $header The plugin's header.
	 * @param string                     $plugin The plugin as WordPress names it.
	 * @return array<string, mixed>|false
	 */
	public function found( $update, $header, $plugin ) {
		return $plugin === $this->name() ? ( $this->told() ?? $update ) : $update;
	}

	/**
	 * Tells WordPress of it also where its own directory cannot be reached: then it asks nobody else.
	 *
	 * @param mixed $all What WordPress knows of updates.
	 * @return mixed
	 */
	public function noted( $all ) {
		$name = $this->name();
		if ( ! is_object( $all ) || isset( $all->response[ $name ] ) || isset( $all->no_update[ $name ] ) ) {
			return $all;
		}
		$told = $this->told();
		if ( null !== $told ) {
			$where = version_compare( $told['new_version'], $this->home->version(), '>' ) ? 'response' : 'no_update';
			$list  = isset( $all->$where ) && is_array( $all->$where ) ? $all->$where : array();

			$all->$where = array( $name => (object) $told ) + $list;
		}
		return $all;
	}

	/**
	 * Shows what is new.
	 *
	 * @param mixed  $result What was found so far.
	 * @param string $action What is asked.
	 * @param object $asked  For which plugin.
	 * @return mixed
	 */
	public function details( $result, $action, $asked ) {
		if ( 'plugin_information' !== $action || ! isset( $asked->slug ) || 'crossdock' !== $asked->slug ) {
			return $result;
		}
		$document = $this->container->get( Release::class )->document();
		$told     = $this->told();
		if ( null === $told ) {
			return $result;
		}
		$sections = is_array( $document['sections'] ?? null ) ? array_map( 'wp_kses_post', array_filter( $document['sections'], 'is_string' ) ) : array();
		return (object) ( array( 'name' => 'Crossdock', 'sections' => $sections, 'download_link' => $told['package'] ) + $told );
	}

	/**
	 * Fetches the ZIP itself and verifies it before WordPress unpacks it.
	 *
	 * @param mixed                $reply    What was fetched so far; false for nothing.
	 * @param string               $package  Address of the ZIP.
	 * @param object               $upgrader What installs.
	 * @param array<string, mixed> $extra    What is installed.
	 * @return mixed Path of the file, or why not.
	 */
	public function fetch( $reply, $package, $upgrader, $extra = array() ) {
		$release = $this->container->get( Release::class );
		$ours    = is_array( $extra ) && ( $extra['plugin'] ?? '' ) === $this->name();
		if ( ! $ours && ( '' === $release->package() || $package !== $release->package() ) ) {
			return $reply;
		}
		if ( $package !== $release->package() ) {
			return new \WP_Error( 'crossdock_foreign', RefusalWords::of( 'foreign' ) );
		}
		$document = $release->document( true );
		$file     = download_url( $package, 60 );
		if ( is_wp_error( $file ) ) {
			return $file;
		}
		$fault = array() === $document ? 'unsigned' : $release->fault( $document, $file );
		if ( '' !== $fault ) {
			wp_delete_file( $file );
			return new \WP_Error( 'crossdock_' . $fault, RefusalWords::of( $fault ) );
		}
		return $file;
	}

	/**
	 * Returns what WordPress is told.
	 *
	 * @return array<string, mixed>|null Null when the hub does not say.
	 */
	private function told(): ?array {
		$release  = $this->container->get( Release::class );
		$document = $release->document();
		if ( array() === $document ) {
			return null;
		}
		$told = array( 'slug' => 'crossdock', 'plugin' => $this->name(), 'package' => $release->package(), 'new_version' => (string) $document['version'] );
		foreach ( array( 'id', 'version', 'url', 'requires', 'requires_php', 'tested', 'upgrade_notice' ) as $name ) {
			$told[ $name ] = is_string( $document[ $name ] ?? null ) ? wp_strip_all_tags( $document[ $name ] ) : '';
		}
		return $told;
	}

	/**
	 * Returns the plugin as WordPress names it.
	 *
	 * @return string
	 */
	private function name(): string {
		return plugin_basename( $this->home->file() );
	}
}
