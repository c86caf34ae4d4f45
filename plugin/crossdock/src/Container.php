<?php
/**
 * Builds the objects of the plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock;

/**
 * Makes each class once, with what its constructor names. Interfaces are bound to the class that fulfils them.
 */
final class Container {

	/**
	 * What was built so far, by class name.
	 *
	 * @var array<string, object>
	 */
	private array $built = array();

	/**
	 * Interface => class that fulfils it.
	 *
	 * @var array<string, string>
	 */
	private array $bound;

	/**
	 * Begins with nothing built.
	 *
	 * @param array<string, string> $bound Interface => class.
	 */
	public function __construct( array $bound = array() ) {
		$this->bound               = $bound;
		$this->built[ self::class ] = $this;
	}

	/**
	 * Puts an object in the place of a class or interface (tests give their own clock and transport).
	 *
	 * @param string $name   Class or interface.
	 * @param object $object What stands for it from now on.
	 * @return void
	 */
	public function put( string $name, object $object ): void {
		$this->built[ $name ] = $object;
	}

	/**
	 * Tells whether the object of a class was built.
	 *
	 * @param string $name Class or interface.
	 * @return bool
	 */
	public function has( string $name ): bool {
		return isset( $this->built[ $name ] );
	}

	/**
	 * Returns the one object of a class, building it and what it needs.
	 *
	 * @template T of object
	 * @param class-string<T> $name Class or interface.
	 * @return T
	 * @throws \LogicException When a constructor asks for what no class can be.
	 */
	public function get( string $name ): object {
		if ( ! isset( $this->built[ $name ] ) ) {
			$class                = $this->bound[ $name ] ?? $name;
			$this->built[ $name ] = $class === $name ? $this->build( $class ) : $this->get( $class );
		}
		return $this->built[ $name ];
	}

	/**
	 * Builds an object of a class.
	 *
	 * @param string $name Class.
	 * @return object
	 * @throws \LogicException When a constructor asks for what no class can be.
	 */
	private function build( string $name ): object {
		$constructor = ( new \ReflectionClass( $name ) )->getConstructor();
		$given       = array();
		foreach ( null === $constructor ? array() : $constructor->getParameters() as $parameter ) {
			$type = $parameter->getType();
			if ( $parameter->isDefaultValueAvailable() ) {
				break;
			}
			if ( ! $type instanceof \ReflectionNamedType || $type->isBuiltin() ) {
				throw new \LogicException( $name . ' asks for $' . $parameter->getName() . ', which is no class' );
			}
			$given[] = $this->get( $type->getName() );
		}
		return new $name( ...$given );
	}
}
