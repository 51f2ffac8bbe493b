/**
 * OHIF's configuration, served in place of the one in its build. Where our DICOMweb is stands in /safelight.json. The token comes
 * in the fragment of the address (#token=…), which no request carries, and stays in this tab.
 */

const TOKEN = "safelight-token";

function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem(TOKEN, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN);
}

/** Another token in the address of a tab that is open is taken at once. */
window.addEventListener("hashchange", () => {
  if (new URLSearchParams(location.hash.slice(1)).has("token")) location.reload();
});

/** `?org=ID` in the address: what that organisation has granted, instead of one's own studies. */
function rootFor(dicomweb, query) {
  const org = query?.get?.("org");
  return org ? `${dicomweb}/orgs/${encodeURIComponent(org)}` : dicomweb;
}

window.config = async ({ servicesManager }) => {
  const token = takeToken();
  const { dicomweb } = await (await fetch("/safelight.json")).json();
  const authorize = () => {
    const { userAuthenticationService } = servicesManager.services;
    userAuthenticationService.setServiceImplementation({
      getAuthorizationHeader: () => (token === null ? {} : { Authorization: `Bearer ${token}` }),
    });
  };
  return {
    extensions: [],
    modes: [],
    showStudyList: true,
    maxNumberOfWebWorkers: 3,
    showWarningMessageForCrossOrigin: false,
    showCPUFallbackMessage: true,
    strictZSpacingForVolumeViewport: true,
    maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 },
    showErrorDetails: "production",
    defaultDataSourceName: "safelight",
    dataSources: [
      {
        namespace: "@ohif/extension-default.dataSourcesModule.dicomweb",
        sourceName: "safelight",
        configuration: {
          friendlyName: "Safelight",
          name: "safelight",
          qidoRoot: dicomweb,
          wadoRoot: dicomweb,
          wadoUriRoot: dicomweb,
          qidoSupportsIncludeField: true,
          supportsFuzzyMatching: false,
          supportsWildcard: true,
          imageRendering: "wadors",
          thumbnailRendering: "thumbnail",
          thumbnailRequestStrategy: "fetch",
          enableStudyLazyLoad: true,
          singlepart: "bulkdata,pdf,video",
          bulkDataURI: { enabled: true },
          onConfiguration: (configuration, { query }) => {
            authorize();
            const root = rootFor(dicomweb, query);
            return { ...configuration, qidoRoot: root, wadoRoot: root, wadoUriRoot: root };
          },
        },
      },
    ],
  };
};
