using System.Net;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Api;

/// <summary>A client for some server, and objects to put into a fake one.</summary>
internal static class ApiFixture
{
    public static KubernetesApi Client(
        Uri server, TimeProvider? time = null, ApiTimeouts? timeouts = null, Version? http = null, List<WireWarning>? warnings = null)
        => Client(new ApiConnection([server], "test"), time, timeouts, http, warnings);

    public static KubernetesApi Client(
        ApiConnection connection, TimeProvider? time = null, ApiTimeouts? timeouts = null, Version? http = null,
        List<WireWarning>? warnings = null)
        => new(
            connection,
            new WireCatalog(w => warnings?.Add(w)),
            timeouts ?? new ApiTimeouts(),
            time ?? TimeProvider.System,
            new Random(1),
            http ?? HttpVersion.Version20);

    /// <summary>The newest state.</summary>
    public static Task<ObjectList<T>> ListAsync<T>(
        this KubernetesApi api, ApiResource<T> resource, ApiSelector selector, CancellationToken cancellationToken)
        where T : class
        => api.ListAsync(resource, selector, notOlderThan: null, cancellationToken);

    public static string ServiceJson(string name, string ns = "shop", string ip = "10.96.0.1", string labels = "", int port = 80) => $$$"""
        {"kind":"Service","apiVersion":"v1","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","labels":{ {{{labels}}} } },
         "spec":{"clusterIP":"{{{ip}}}","clusterIPs":["{{{ip}}}"],"ports":[{"port":{{{port}}},"protocol":"TCP"}]} }
        """;

    public static string SliceJson(string name, string service, string ns = "shop", string ip = "10.1.0.1", string labels = "") => $$$"""
        {"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}",
          "labels":{"kubernetes.io/service-name":"{{{service}}}"{{{labels}}} } },
         "addressType":"IPv4","endpoints":[{"addresses":["{{{ip}}}"],"nodeName":"node-1"}],"ports":[{"port":8080}]}
        """;

    public static string NodeJson(string name) => $$$"""
        {"kind":"Node","apiVersion":"v1","metadata":{"name":"{{{name}}}"},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"}]} }
        """;

    public static async Task<ApiException> FailureOf(Func<Task> act) => await Assert.ThrowsAsync<ApiException>(act);

    public static ObjectName Name(string name, string ns = "shop") => new(ns, name);
}
