namespace EbpfLb.Kubernetes.Auth;

/// <summary>The connection's configuration cannot be used. The message names file, field and what to do.</summary>
public sealed class ConfigException(string message, Exception? inner = null) : Exception(message, inner);
