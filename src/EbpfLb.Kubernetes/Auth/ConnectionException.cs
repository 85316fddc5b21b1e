namespace EbpfLb.Kubernetes.Auth;

/// <summary>The connection's configuration cannot be used. The message is one line that names file, field and what to do.</summary>
public sealed class ConnectionException(string message, Exception? inner = null)
    : Exception(string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c)), inner);
