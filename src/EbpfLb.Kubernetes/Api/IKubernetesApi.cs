using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Api;

/// <summary>
/// The little of the Kubernetes API that a proxy needs. <see cref="KubernetesApi"/> is the lean implementation; a general
/// client library can stand in its place. Every failure is an <see cref="ApiException"/>; retrying is the caller's.
/// </summary>
public interface IKubernetesApi
{
    /// <summary>The server in use, for people: "https://10.0.0.1:6443".</summary>
    string Description { get; }

    /// <summary>
    /// Reads the whole collection as of one resource version, over as many pages as it takes. Nothing is returned
    /// before the last page is in.
    /// </summary>
    /// <param name="notOlderThan">
    /// null: the newest state, which costs a read of the store. Else a state at least as new as this version, which the server takes from
    /// its cache.
    /// </param>
    Task<ObjectList<T>> ListAsync<T>(
        ApiResource<T> resource, ApiSelector selector, string? notOlderThan, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Opens a watch; returns once the server has accepted it.</summary>
    /// <param name="resourceVersion">
    /// Begins right after this version. null (KEP-3157, "streaming list"): begins with the whole collection as of now, one
    /// <see cref="WatchEventType.Set"/> an object, and then an <see cref="WatchEventType.InitialEventsEnd"/>. A server that cannot do that
    /// fails with <see cref="ApiFailure.Invalid"/> or <see cref="ApiFailure.BadRequest"/>, or never sends that end.
    /// </param>
    Task<IApiWatch<T>> WatchAsync<T>(
        ApiResource<T> resource, ApiSelector selector, string? resourceVersion, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Reads one object; null when the server has none of that name.</summary>
    Task<T?> GetAsync<T>(ApiResource<T> resource, ObjectName name, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Adds an Event (events.k8s.io/v1, general since Kubernetes 1.19).</summary>
    Task CreateEventAsync(EventPost post, CancellationToken cancellationToken);
}

/// <summary>An open watch. One reader at a time.</summary>
public interface IApiWatch<T> : IAsyncDisposable
    where T : class
{
    /// <summary>
    /// The next event; null when the server ended the watch in an orderly way (its time was up): open the next one
    /// from the last resource version. A cut or silent connection and an ERROR event are <see cref="ApiException"/>s.
    /// </summary>
    ValueTask<WatchEvent<T>?> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>What to select on the server's side; empty strings select all.</summary>
public sealed record ApiSelector(string Labels = "", string Fields = "")
{
    public static ApiSelector All { get; } = new();

    /// <summary>The fields only save work: a server that does not know them is asked without.</summary>
    public bool FieldSelectorIsOptional { get; init; }
}

/// <summary>A complete collection as of one resource version.</summary>
public sealed record ObjectList<T>(string ResourceVersion, IReadOnlyList<T> Items)
    where T : class;

/// <summary>What happened to an object.</summary>
public enum WatchEventType : byte
{
    /// <summary>ADDED or MODIFIED: the object is now as given.</summary>
    Set,

    /// <summary>DELETED, which is also what leaving the selection looks like.</summary>
    Deleted,

    /// <summary>Nothing happened up to this resource version.</summary>
    Bookmark,

    /// <summary>A bookmark after the whole collection, in a watch that began with it.</summary>
    InitialEventsEnd,
}

/// <param name="Object">Set on <see cref="WatchEventType.Set"/>, unless the object is of no use to a proxy: then treat it as
/// deleted.</param>
/// <param name="ResourceVersion">Where to go on from after this event.</param>
public sealed record WatchEvent<T>(WatchEventType Type, ObjectName Name, T? Object, string ResourceVersion)
    where T : class;
