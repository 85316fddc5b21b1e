using k8s.Models;

namespace EbpfLb.Kubernetes.Api;

/// <summary>One request, with what an explanation of its failure needs to say.</summary>
/// <param name="Verb">The verb of RBAC: list, watch, get, create.</param>
/// <param name="PathAndQuery">Begins with '/'.</param>
internal sealed record ApiCall(string Verb, string Group, string Plural, string PathAndQuery)
{
    private const string NotOlderThan = "NotOlderThan";

    /// <summary>What is posted; null: the request is a GET.</summary>
    public Eventsv1Event? Body { get; init; }

    public HttpMethod Method => Body is null ? HttpMethod.Get : HttpMethod.Post;

    public static ApiCall CreateEvent(string ns, Eventsv1Event body)
        => new("create", "events.k8s.io", "events", $"/apis/events.k8s.io/v1/namespaces/{Uri.EscapeDataString(ns)}/events") { Body = body };

    public static ApiCall List<T>(ApiResource<T> resource, ApiSelector selector, int limit, string? continueToken)
        where T : class
        => new("list", resource.Group, resource.Plural, resource.Path + Query(
            selector,
            ("limit", limit > 0 ? $"{limit}" : ""),
            ("continue", continueToken ?? "")));

    /// <summary>Of the server's cache. With a limit, servers before 1.31 would read their store.</summary>
    public static ApiCall ListNotOlderThan<T>(ApiResource<T> resource, ApiSelector selector, string resourceVersion)
        where T : class
        => new("list", resource.Group, resource.Plural, resource.Path + Query(
            selector,
            ("resourceVersion", resourceVersion),
            ("resourceVersionMatch", NotOlderThan)));

    public static ApiCall Watch<T>(ApiResource<T> resource, ApiSelector selector, string resourceVersion, int seconds)
        where T : class
        => new("watch", resource.Group, resource.Plural, resource.Path + Query(
            selector,
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", resourceVersion),
            ("timeoutSeconds", $"{seconds}")));

    public static ApiCall Get<T>(ApiResource<T> resource, Model.ObjectName name)
        where T : class
    {
        var path = name.Namespace.Length == 0
            ? $"{resource.Path}/{Uri.EscapeDataString(name.Name)}"
            : $"{resource.Path[..^resource.Plural.Length]}namespaces/{Uri.EscapeDataString(name.Namespace)}/"
                + $"{resource.Plural}/{Uri.EscapeDataString(name.Name)}";
        return new("get", resource.Group, resource.Plural, path);
    }

    /// <summary>The collection first, then what happens (KEP-3157).</summary>
    public static ApiCall WatchFromList<T>(ApiResource<T> resource, ApiSelector selector, int seconds)
        where T : class
        => new("watch", resource.Group, resource.Plural, resource.Path + Query(
            selector,
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("sendInitialEvents", "true"),
            ("resourceVersionMatch", NotOlderThan),
            ("timeoutSeconds", $"{seconds}")));

    private static string Query(ApiSelector selector, params ReadOnlySpan<(string Key, string Value)> rest)
    {
        var query = new System.Text.StringBuilder();
        Add("labelSelector", selector.Labels);
        Add("fieldSelector", selector.Fields);
        foreach (var (key, value) in rest) Add(key, value);
        return query.ToString();

        void Add(string key, string value)
        {
            if (value.Length == 0) return;
            query.Append(query.Length == 0 ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        }
    }
}
