using EbpfLb.Kubernetes.Api;

namespace EbpfLb.Kubernetes.Reflector;

/// <summary>Takes what a reflector finds. Called by one reflector, one call at a time.</summary>
internal interface IReflectorSink<T>
    where T : class
{
    /// <summary>The complete collection: what is not in it is gone.</summary>
    void Replace(IReadOnlyList<T> items);

    /// <summary>One change; never a bookmark.</summary>
    void Apply(WatchEvent<T> change);

    /// <summary>The server answered: the collection is up to date as of now.</summary>
    void Contact();

    /// <summary>The server could not be asked; it will be tried again.</summary>
    void Failed(ApiException failure);
}
