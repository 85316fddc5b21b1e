namespace EbpfLb.Model;

/// <summary>An event on its way to the API server.</summary>
/// <param name="Reporter">The node whose agent tells it.</param>
/// <param name="Time">When it happened first.</param>
/// <param name="Count">How often it happened up to <paramref name="LastTime"/>.</param>
public sealed record EventPost(ClusterEvent Event, string Reporter, DateTimeOffset Time, int Count, DateTimeOffset LastTime)
{
    /// <summary>An event is in the namespace of its object; those of cluster-scoped objects are in this one.</summary>
    private const string ClusterNamespace = "default";

    public string Namespace => Event.Name.Namespace.Length > 0 ? Event.Name.Namespace : ClusterNamespace;
}

/// <summary>Writes Events to the cluster.</summary>
public interface IEventWriter
{
    /// <exception cref="Exception">An ApiException: it was not taken.</exception>
    Task WriteAsync(EventPost post, CancellationToken cancellationToken);
}
